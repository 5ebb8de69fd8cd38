package posture

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
)

// exposedPath is something that must not be public, and how its content is told from a page that answers everything.
type exposedPath struct {
	path string
	// shown decides by the beginning of the content.
	shown func(contentType string, body []byte) bool
}

var (
	gitHead   = regexp.MustCompile(`^(?:ref: refs/|[0-9a-f]{40}\s*$)`)
	envLine   = regexp.MustCompile(`(?m)^(?:export )?[A-Za-z_][A-Za-z0-9_]*=\S`)
	dumpStart = regexp.MustCompile(`(?i)(?:^-- (?:MySQL|MariaDB|PostgreSQL)[\w ]* dump|PostgreSQL database dump|^SQLite format 3\x00|CREATE TABLE )`)
)

// exposedPaths are asked for, each with one request. None of them does anything at the server: Spring's heap dump, which
// would, is only looked up in the list of what its actuator offers.
func exposedPaths() []exposedPath {
	return []exposedPath{
		{"/.git/HEAD", text(gitHead.Match)},
		{"/.git/config", text(holds("[core]"))},
		{"/.svn/entries", text(func(b []byte) bool { return regexp.MustCompile(`^\d+\s*(?:\n|$)`).Match(b) })},
		{"/.env", text(envLine.Match)},
		{"/.aws/credentials", text(holds("aws_access_key_id"))},
		{"/.DS_Store", func(_ string, b []byte) bool { return bytes.HasPrefix(b, []byte("\x00\x00\x00\x01Bud1")) }},
		{"/id_rsa", text(holds(" PRIVATE KEY-----"))},
		{"/backup.sql", text(dumpStart.Match)},
		{"/dump.sql", text(dumpStart.Match)},
		{"/server-status", holdsPage("Apache Server Status")},
		{"/nginx_status", text(holds("Active connections:"))},
		{"/phpinfo.php", holdsPage("phpinfo()")},
		{"/metrics", text(func(b []byte) bool {
			return bytes.HasPrefix(b, []byte("# HELP ")) || bytes.HasPrefix(b, []byte("# TYPE "))
		})},
		{"/debug/pprof/", holdsPage("Types of profiles available")},
		{"/actuator/env", asJSON(func(doc map[string]json.RawMessage) bool { return doc["propertySources"] != nil })},
	}
}

// actuatorIndex lists what Spring's actuator offers; actuatorSecrets are those of them that give away secrets or end
// the program.
const actuatorIndex = "/actuator"

func actuatorSecrets() []string {
	return []string{"heapdump", "env", "threaddump", "configprops", "shutdown", "loggers", "httptrace", "httpexchanges", "jolokia", "gateway"}
}

// offered returns which of the secrets the actuator's list names.
func offered(body []byte) []string {
	var doc struct {
		Links map[string]json.RawMessage `json:"_links"`
	}
	if json.Unmarshal(body, &doc) != nil {
		return nil
	}
	var found []string
	for _, name := range actuatorSecrets() {
		if doc.Links[name] != nil {
			found = append(found, name)
		}
	}
	return found
}

// text accepts what is no page and no JSON, and for which is holds.
func text(is func([]byte) bool) func(string, []byte) bool {
	return func(contentType string, body []byte) bool {
		return !looksLikePage(contentType, body) && !strings.Contains(contentType, "json") && is(body)
	}
}

func holds(what string) func([]byte) bool {
	return func(body []byte) bool { return bytes.Contains(body, []byte(what)) }
}

func holdsPage(what string) func(string, []byte) bool {
	return func(_ string, body []byte) bool { return bytes.Contains(body, []byte(what)) }
}

func asJSON(is func(map[string]json.RawMessage) bool) func(string, []byte) bool {
	return func(_ string, body []byte) bool {
		var doc map[string]json.RawMessage
		return json.Unmarshal(body, &doc) == nil && is(doc)
	}
}

func looksLikePage(contentType string, body []byte) bool {
	if strings.HasPrefix(contentType, "text/html") {
		return true
	}
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)]))
	return bytes.HasPrefix(start, []byte("<!doctype")) || bytes.HasPrefix(start, []byte("<html")) || bytes.HasPrefix(start, []byte("<?xml"))
}

func headerNames() []string { return []string{"hsts", "nosniff", "csp", "frame"} }

// headerMissing tells whether a header of headerNames is missing in an answer over HTTPS or not; asked is false for one
// that says nothing there: HSTS over plain HTTP, the last two of what no browser shows.
func headerMissing(name string, overTLS bool, h http.Header) (missing, asked bool) {
	policy := strings.ToLower(strings.Join(h.Values("Content-Security-Policy"), ";"))
	html := strings.HasPrefix(h.Get("Content-Type"), "text/html")
	switch name {
	case "hsts":
		value := strings.ToLower(h.Get("Strict-Transport-Security"))
		return !strings.Contains(value, "max-age=") || strings.Contains(value, "max-age=0"), overTLS
	case "nosniff":
		return !strings.EqualFold(strings.TrimSpace(h.Get("X-Content-Type-Options")), "nosniff"), true
	case "csp":
		return policy == "", html
	}
	return h.Get("X-Frame-Options") == "" && !strings.Contains(policy, "frame-ancestors"), html
}
