package receivers

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

const (
	// emailTimeout is how long handing over one mail may take.
	emailTimeout = 30 * time.Second
	// maxSubject is the length of a subject, in characters.
	maxSubject = 150
	// The ways to encrypt.
	tlsStart    = "starttls"
	tlsImplicit = "implicit"
	tlsNone     = "none"
	// implicitPort is the port of SMTP that begins encrypted.
	implicitPort = 465
)

// EmailConfig is an entry of alerting.email: a mail server and who gets mail.
type EmailConfig struct {
	Entry `yaml:",inline"`
	// Mail server, host:port: port 587 for starttls, 465 for implicit.
	Server string `yaml:"server"`
	// Encryption: starttls, implicit or none. Empty: implicit on port 465, starttls on others.
	TLS string `yaml:"tls"`
	// File with certificate authorities to trust instead of the system's (PEM).
	CAFile string `yaml:"ca_file"`
	// User name and password, when the server asks for them.
	Username string        `yaml:"username"`
	Password secret.Secret `yaml:"password"`
	// Sender.
	From string `yaml:"from"`
	// Recipients.
	To []string `yaml:"to"`
	// Language of the mails: en or zh.
	Language string `yaml:"language"`
}

func (c *EmailConfig) setDefaults() {
	if c.TLS != "" {
		return
	}
	c.TLS = tlsStart
	if _, port, _ := net.SplitHostPort(c.Server); port == strconv.Itoa(implicitPort) {
		c.TLS = tlsImplicit
	}
}

func (c *EmailConfig) validate() error {
	var m invalid.Mistakes
	if _, _, err := c.hostPort(); err != nil {
		m.Add("server", "must be host:port, e.g. smtp.example.com:587, is %q", c.Server)
	}
	if !slices.Contains([]string{tlsStart, tlsImplicit, tlsNone}, c.TLS) {
		m.Add("tls", "must be starttls, implicit or none, is %q", c.TLS)
	}
	if c.CAFile != "" {
		if _, err := authorities(c.CAFile); err != nil {
			m.Add("ca_file", "%v", err)
		}
	}
	switch {
	case (c.Username == "") != (c.Password == ""):
		m.Add("username", "and password belong together")
	case c.Username != "" && c.TLS == tlsNone:
		m.Add("tls", "must not be none with a password, which would be readable on its way")
	}
	if _, err := netmail.ParseAddress(c.From); err != nil {
		m.Add("from", "must be a mail address, is %q", c.From)
	}
	if len(c.To) == 0 {
		m.Add("to", "needs at least one mail address")
	}
	for i, to := range c.To {
		if _, err := netmail.ParseAddress(to); err != nil {
			m.Add(fmt.Sprintf("to[%d]", i), "must be a mail address, is %q", to)
		}
	}
	return m.Err()
}

func (c *EmailConfig) hostPort() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(c.Server)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(text)
	if err != nil || host == "" || port < 1 || port > 65535 {
		return "", 0, errors.New("no host and port")
	}
	return host, port, nil
}

// authorities reads a file of certificates.
func authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}

// email sends notices by SMTP.
type email struct {
	cfg   EmailConfig
	words *words
	page  Page
	hide  *poster // knows the secrets
}

func newEmail(cfg EmailConfig, p Page) *email {
	return &email{cfg: cfg, words: wordsFor(cfg.Language), page: p, hide: newPoster(cfg.Password)}
}

// Name returns the configured name.
func (m *email) Name() string { return m.cfg.Name }

// Send hands n to the mail server.
func (m *email) Send(ctx context.Context, n Notice, late time.Duration) error {
	s := newStory(n, late, m.words, m.page, time.Now(), extents[0])
	msg, err := m.message(n, s)
	if err != nil {
		return &SendError{Text: m.hide.scrub(err), Refused: true}
	}
	client, err := m.client()
	if err != nil {
		return &SendError{Text: m.hide.scrub(err), Blocked: true}
	}
	ctx, cancel := context.WithTimeout(ctx, emailTimeout)
	defer cancel()
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return m.failure(err, true)
	}
	// The mail is on its way or not: how the connection ends changes nothing.
	defer client.CloseWithSMTPClient(conn)
	refused, failure := m.envelope(conn, msg, late)
	if failure != nil {
		return failure
	}
	if len(refused) > 0 {
		s.more = strings.TrimPrefix(s.more+" · "+m.missing(refused), " · ")
		if msg, err = m.message(n, s); err != nil {
			return &SendError{Text: m.hide.scrub(err), Refused: true}
		}
	}
	if err := m.hand(conn, msg); err != nil {
		return m.failure(err, false)
	}
	return nil
}

func (m *email) client() (*mail.Client, error) {
	host, port, err := m.cfg.hostPort()
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if m.cfg.CAFile != "" {
		if conf.RootCAs, err = authorities(m.cfg.CAFile); err != nil {
			return nil, err
		}
	}
	options := []mail.Option{mail.WithPort(port), mail.WithTimeout(emailTimeout), mail.WithTLSConfig(conf), mail.WithoutNoop()}
	switch m.cfg.TLS {
	case tlsImplicit:
		options = append(options, mail.WithSSL())
	case tlsNone:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if m.cfg.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover),
			mail.WithUsername(m.cfg.Username), mail.WithPassword(m.cfg.Password.Reveal()))
	}
	return mail.NewClient(host, options...)
}

// failure says what an error of the mail server means: 4xx and a broken connection pass, 5xx do not. Before the text of
// the mail it is about the password, the sender or the recipients.
func (m *email) failure(err error, before bool) *SendError {
	e := &SendError{Text: cut(oneLine(m.hide.scrub(err)), 2*maxErrorBody)}
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		e.Blocked = true
	case replyCode(err)/100 != 5:
	case before:
		e.Blocked = true
	default:
		e.Refused = true
	}
	return e
}

// message writes a mail in plain text and in HTML. Mails about one group of alerts are one conversation.
func (m *email) message(n Notice, s story) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.From(m.cfg.From); err != nil {
		return nil, err
	}
	if err := msg.To(m.cfg.To...); err != nil {
		return nil, err
	}
	msg.Subject(cut(s.headline, maxSubject))
	msg.SetDate()
	msg.SetMessageID()
	sum := sha256.Sum256([]byte(m.page.Host + "\x00" + n.Told.GroupKey + "\x00" + n.Alerts[0].Since.UTC().Format(time.RFC3339)))
	thread := "<" + hex.EncodeToString(sum[:12]) + "@gatewatch>"
	msg.SetGenHeader(mail.HeaderReferences, thread)
	msg.SetGenHeader(mail.HeaderInReplyTo, thread)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(mail.TypeTextPlain, mailText(s))
	var html strings.Builder
	if err := mailPage.Execute(&html, mailData(s)); err != nil {
		return nil, err
	}
	msg.AddAlternativeString(mail.TypeTextHTML, html.String())
	return msg, nil
}
