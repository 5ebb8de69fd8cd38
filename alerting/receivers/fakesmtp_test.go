package receivers

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	mailUser     = "gatewatch"
	mailPassword = "mail-password-1"
)

// fakeSMTP takes mail as a submission server does: encrypted, from who knows the password, for recipients it knows.
type fakeSMTP struct {
	addr, caFile string
	cert         tls.Certificate
	implicit     bool

	mu    sync.Mutex
	fail  map[string]string // what to answer to a command
	mails []string
}

func newFakeSMTP(t *testing.T, implicit bool, fail map[string]string) *fakeSMTP {
	t.Helper()
	// The certificate of httptest is for 127.0.0.1.
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	f := &fakeSMTP{cert: web.TLS.Certificates[0], implicit: implicit, fail: fail, caFile: filepath.Join(t.TempDir(), "ca.pem")}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := os.WriteFile(f.caFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = l.Addr().String()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { f.talk(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return f
}

// talk serves one connection.
func (f *fakeSMTP) talk(conn net.Conn) {
	defer func() { conn.Close() }()
	encrypted := f.implicit
	if f.implicit {
		conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{f.cert}})
	}
	r := bufio.NewReader(conn)
	say := func(text string) { fmt.Fprintf(conn, "%s\r\n", text) }
	say("220 mail.example ESMTP")
	known := false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		command := strings.ToUpper(strings.Fields(line + " .")[0])
		if answer := f.fail[command]; answer != "" {
			say(answer)
			continue
		}
		switch {
		case command == "EHLO" && !encrypted:
			say("250-mail.example\r\n250 STARTTLS")
		case command == "EHLO":
			say("250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN")
		case command == "STARTTLS":
			say("220 go ahead")
			conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{f.cert}})
			r = bufio.NewReader(conn)
			encrypted = true
		case command == "AUTH":
			token, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(strings.TrimPrefix(line, "AUTH PLAIN")))
			if known = string(token) == "\x00"+mailUser+"\x00"+mailPassword && encrypted; known {
				say("235 welcome")
			} else {
				say("535 5.7.8 authentication failed for " + string(token[1:]))
			}
		case command == "QUIT":
			say("221 bye")
			return
		case command == "RSET" || command == "NOOP":
			say("250 ok")
		case !known:
			say("530 5.7.0 authentication required")
		case command == "MAIL":
			say("250 ok")
		case command == "RCPT" && !strings.Contains(line, "@example.com"):
			say("550 5.1.1 no such user")
		case command == "RCPT":
			say("250 ok")
		case command == "DATA":
			say("354 go on")
			text, _ := io.ReadAll(textproto.NewReader(r).DotReader())
			f.mu.Lock()
			f.mails = append(f.mails, string(text))
			f.mu.Unlock()
			say("250 queued")
		default:
			say("502 what?")
		}
	}
}
