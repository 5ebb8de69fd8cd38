package receivers

import (
	"net/url"
	"regexp"
	"strings"

	"gatewatch/internal/invalid"
)

// Link is a link that messages get.
type Link struct {
	// What it is called, e.g. Grafana.
	Name string `yaml:"name"`
	// Its address, in which {alert}, {provider}, {severity} and {host} become those of the alert, {from} and {to} the
	// time from half an hour before it until now or its end (RFC 3339), {from_ms} and {to_ms} the same in milliseconds.
	URL string `yaml:"url"`
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// placeholders are what may stand in the address of a link.
var placeholders = [...]string{"{alert}", "{provider}", "{severity}", "{host}", "{from}", "{to}", "{from_ms}", "{to_ms}"}

// Validate returns every mistake as invalid.Mistakes, or nil.
func (l *Link) Validate() error {
	var m invalid.Mistakes
	if l.Name == "" {
		m.Add("name", "is needed, e.g. Grafana")
	}
	plain := l.URL
	for _, name := range placeholders {
		plain = strings.ReplaceAll(plain, name, "x")
	}
	if !WebAddress(plain) {
		m.Add("url", "must be an http or https address, is %q", l.URL)
	} else if wrong := placeholder.FindString(plain); wrong != "" {
		m.Add("url", "knows no %s, there are: %s", wrong, strings.Join(placeholders[:], ", "))
	}
	return m.Err()
}

// CheckURL adds a mistake at path when value is neither empty nor a web address.
func CheckURL(m *invalid.Mistakes, path, value string) {
	if value != "" && !WebAddress(value) {
		m.Add(path, "must be an http or https address, is %q", value)
	}
}

// WebAddress tells whether s is an http or https address.
func WebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
