// Package probes asks addresses again and again, such as those of payment providers, under blackbox_exporter's names, and reads
// the pages on which providers say how they are.
package probes

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-openapi/jsonpointer"
	"github.com/grafana/regexp"
	"github.com/miekg/dns"
	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
	"gatewatch/internal/invalid"
	"gatewatch/internal/secret"
)

// Config is an entry of collectors.probes in the configuration.
type Config struct {
	// Fills what is left out with what is known of a payment provider: alipay, wechatpay, wechatpay_disaster, unionpay,
	// stripe, paypal, adyen, visa, mastercard.
	Preset string `yaml:"preset"`
	// Name in the label "name". Rules take it for the provider's.
	Name string `yaml:"name"`
	// What is asked: http://…, https://…, tcp://host:port, tls://host:port, dns://server/name?type=A (dns:///name asks the
	// system's server), icmp://host.
	URL string `yaml:"url"`
	// Payment provider in the label "provider" of what its headers announce. Empty: the name.
	Provider string `yaml:"provider"`
	// How often; at least a second.
	Interval model.Duration `yaml:"interval"`
	// How long the probe may take in all.
	Timeout model.Duration `yaml:"timeout"`
	// HTTP status codes that count as success, as in 401 or 4xx. Empty: every answer does, because a payment provider's
	// unauthenticated error reply proves that it is there.
	ExpectStatus []string `yaml:"expect_status"`
	// HTTP method, headers and body of the request.
	Method  string                   `yaml:"method"`
	Headers map[string]secret.Secret `yaml:"headers"`
	Body    secret.Secret            `yaml:"body"`
	// How many redirects are followed; without any a redirect is an answer.
	Redirects int `yaml:"redirects"`
	// Proxy for HTTP: http://…, https://… or socks5://…, with a password if need be. Empty: as the environment says
	// (HTTPS_PROXY, NO_PROXY); none: no proxy.
	Proxy secret.Secret `yaml:"proxy"`
	// Text sent to a tcp:// or tls:// address after connecting.
	Send secret.Secret `yaml:"send"`
	// Regular expressions that the answer (HTTP body, TCP reply, DNS records) has to match, all of them.
	Match []string `yaml:"match"`
	// Regular expressions of which none may match.
	NoMatch []string `yaml:"no_match"`
	// What a JSON answer has to hold: JSON pointers (RFC 6901) and the values as text, as in "/status": "UP".
	JSON map[string]string `yaml:"json"`
	// Internet protocol: any, ip4, ip6, or one that is preferred: prefer_ip4, prefer_ip6.
	IP string `yaml:"ip"`
	// File with certificate authorities (PEM) trusted instead of the system's.
	CAFile string `yaml:"ca_file"`
	// Certificate and key (PEM) that are shown to servers that ask for one. They are read again at each probe.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	// Name asked for in TLS, and the one the certificate has to be for. Empty: the host of the URL.
	ServerName string `yaml:"server_name"`
}

// The defaults of entries that the configuration leaves out.
const (
	defaultProbeInterval = model.Duration(15 * time.Second)
	defaultProbeTimeout  = model.Duration(10 * time.Second)
	defaultProbeIP       = "any"
)

// The bounds of probes: each one is a request somebody pays for.
const (
	maxProbes    = 100
	maxRedirects = 10
)

// noProxy is what proxy says when the environment's is not to be used.
const noProxy = "none"

// Identity returns the key that tells entries apart, and its value.
func (p *Config) Identity() (key, value string) { return "name", p.Name }

// Most is how many entries there may be.
func (p *Config) Most() int { return maxProbes }

// SetDefaults fills what is left out.
func (p *Config) SetDefaults() {
	if known, ok := presetNamed(p.Preset); ok {
		known.fill(p)
	}
	collect.SetDefault(&p.Interval, defaultProbeInterval)
	collect.SetDefault(&p.Timeout, defaultProbeTimeout)
	collect.SetDefault(&p.Method, http.MethodGet)
	collect.SetDefault(&p.IP, defaultProbeIP)
}

// Validate returns every mistake in p as invalid.Mistakes, but for those of the name.
func (p *Config) Validate() error {
	var m invalid.Mistakes
	if _, ok := presetNamed(p.Preset); !ok && p.Preset != "" {
		m.Add("preset", "%q is none of %s", p.Preset, strings.Join(presetNames(), ", "))
	}
	kind := p.validateURL(&m)
	if p.Interval < collect.MinInterval {
		m.Add("interval", "must be at least %s, is %s", collect.MinInterval, p.Interval)
	}
	if p.Timeout <= 0 {
		m.Add("timeout", "must be more than 0, is %s", p.Timeout)
	}
	if !slices.Contains(ipChoices(), p.IP) {
		m.Add("ip", "%q is none of %s", p.IP, strings.Join(ipChoices(), ", "))
	}
	if kind != "" {
		p.validateUse(&m, kind)
	}
	p.validateHTTP(&m)
	p.validateContent(&m)
	fetch.ValidateTLS(&m, p.CAFile, p.CertFile, p.KeyFile)
	return m.Err()
}

// Collectors returns what is switched on.
func (p *Config) Collectors(e collect.Env) ([]collect.Collector, error) {
	one, err := newProbe(*p, e.Log)
	return []collect.Collector{one}, err
}

// Catalogue lists every metric that can be given.
func (*Config) Catalogue() []collect.Row {
	var all collect.Metrics
	probeMetrics(&all)
	listed := all.List("")
	for i, m := range slices.Concat(probeTable(), announcementTable()) {
		listed[i].When = m.kinds
	}
	return listed
}

func (p *Config) validateURL(m *invalid.Mistakes) (kind string) {
	u, err := url.Parse(p.URL)
	switch {
	case p.URL == "":
		m.Add("url", "is missing")
		return ""
	case err != nil:
		// The error's text repeats the URL, which may hold a secret.
		m.Add("url", "is not a URL")
		return ""
	case u.User != nil:
		m.Add("url", "must not hold a user name or password")
		return ""
	}
	mistake := ""
	switch kind = kindOf(u); {
	case kind == "":
		mistake = "must be http://host… or https://host…, tcp://host:port, tls://host:port, dns://server/name or icmp://host"
	case kind == "dns":
		mistake = dnsMistake(u)
	case u.Hostname() == "":
		mistake = fmt.Sprintf("must be %s://host…", u.Scheme)
	case kind == "tcp" && u.Port() == "":
		mistake = "must have a port, as in tcp://host:port"
	case (kind == "tcp" || kind == "icmp") && strings.Trim(u.Path+u.RawQuery, "/") != "", kind == "icmp" && u.Port() != "":
		mistake = "has more than " + u.Scheme + " needs"
	}
	if mistake != "" {
		m.Add("url", "%s", mistake)
	}
	return kind
}

// kindOf returns which kind of probe asks u; "" when none does.
func kindOf(u *url.URL) string {
	switch u.Scheme {
	case "http", "https":
		return "http"
	case "tcp", "tls":
		return "tcp"
	case "dns", "icmp":
		return u.Scheme
	}
	return ""
}

func dnsMistake(u *url.URL) string {
	name := strings.Trim(u.Path, "/")
	if name == "" {
		return "must be dns://server/name?type=A"
	}
	if _, ok := dns.IsDomainName(name); !ok {
		return fmt.Sprintf("%q is no domain name", name)
	}
	if _, ok := dns.StringToType[dnsType(u)]; !ok {
		return fmt.Sprintf("%q is no type of DNS record", dnsType(u))
	}
	return ""
}

// validateUse names keys that a probe of this kind would not heed.
func (p *Config) validateUse(m *invalid.Mistakes, kind string) {
	for _, k := range []struct {
		key   string
		set   bool
		kinds string
	}{
		{"expect_status", len(p.ExpectStatus) > 0, "http"},
		{"method", p.Method != http.MethodGet, "http"},
		{"headers", len(p.Headers) > 0, "http"},
		{"body", p.Body != "", "http"},
		{"redirects", p.Redirects > 0, "http"},
		{"proxy", p.Proxy != "", "http"},
		{"json", len(p.JSON) > 0, "http"},
		{"send", p.Send != "", "tcp"},
		{"match", len(p.Match)+len(p.NoMatch) > 0, "http tcp dns"},
		{"cert_file", p.CertFile != "", "http tcp"},
	} {
		if k.set && !slices.Contains(strings.Fields(k.kinds), kind) {
			m.Add(k.key, "means nothing to a probe over %s", kind)
		}
	}
}

func (p *Config) validateHTTP(m *invalid.Mistakes) {
	for i, code := range p.ExpectStatus {
		if !isStatus(code) {
			m.Add(fmt.Sprintf("expect_status[%d]", i), "%s is no HTTP status code", code)
		}
	}
	if strings.ContainsAny(p.Method, " \t\r\n") {
		m.Add("method", "%q is no HTTP method", p.Method)
	}
	if p.Redirects < 0 || p.Redirects > maxRedirects {
		m.Add("redirects", "must be from 0 to %d, is %d", maxRedirects, p.Redirects)
	}
	if _, err := proxyOf(p.Proxy); err != nil {
		m.Add("proxy", "%v", err)
	}
}

// isStatus tells whether code is a status code or a class of them, as 4xx.
func isStatus(code string) bool {
	if class, ok := strings.CutSuffix(code, "xx"); ok {
		return len(class) == 1 && class >= "1" && class <= "5"
	}
	n, err := strconv.Atoi(code)
	return err == nil && n >= 100 && n <= 599
}

func (p *Config) validateContent(m *invalid.Mistakes) {
	for key, list := range map[string][]string{"match": p.Match, "no_match": p.NoMatch} {
		for i, text := range list {
			if _, err := regexp.Compile(text); err != nil {
				m.Add(fmt.Sprintf("%s[%d]", key, i), "%v", err)
			}
		}
	}
	for pointer := range p.JSON {
		if _, err := jsonpointer.New(pointer); err != nil {
			m.Add("json", "%q is no JSON pointer: it begins with /, as in /status", pointer)
		}
	}
}

// proxyOf returns the proxy that text names; nil for none and for the environment's.
func proxyOf(text secret.Secret) (*url.URL, error) {
	if text == "" || text == noProxy {
		return nil, nil
	}
	u, err := url.Parse(text.Reveal())
	if err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5"}, u.Scheme) {
		return nil, fmt.Errorf("must be http://host:port, https://host:port, socks5://host:port or none")
	}
	return u, nil
}
