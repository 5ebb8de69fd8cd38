package parse

import (
	"fmt"
	"strings"
)

// maxGrokDepth is how deep grok patterns may be made of others.
const maxGrokDepth = 20

// newGrok returns a parser for a grok expression: a regular expression with %{NAME}, %{NAME:field} and
// %{NAME:field:type} in it. Lines before the last one define names: NAME, a space, an expression.
func newGrok(pattern string) (Parser, error) {
	lines := strings.Split(strings.TrimSpace(pattern), "\n")
	g := grok{own: map[string]string{}}
	for _, line := range lines[:len(lines)-1] {
		name, text, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			return nil, fmt.Errorf("%q defines nothing: write a name, a space and an expression", line)
		}
		g.own[name] = strings.TrimSpace(text)
	}
	if err := g.expand(strings.TrimSpace(lines[len(lines)-1]), 0); err != nil {
		return nil, err
	}
	return g.parser("grok")
}

// grok expands an expression.
type grok struct {
	expression
	own map[string]string
}

func (g *grok) expand(s string, depth int) error {
	for {
		start := strings.Index(s, "%{")
		if start < 0 {
			return g.plain(s)
		}
		if err := g.plain(s[:start]); err != nil {
			return err
		}
		end := strings.IndexByte(s[start:], '}')
		if end < 0 {
			return fmt.Errorf("%.20q is not closed", s[start:])
		}
		if err := g.reference(s[start:start+end+1], depth); err != nil {
			return err
		}
		s = s[start+end+1:]
	}
}

// plain adds a part without references, in which there may be named groups.
func (g *grok) plain(s string) error {
	for {
		start, name, n := namedGroup(s)
		if start < 0 {
			g.text.WriteString(s)
			return nil
		}
		g.text.WriteString(s[:start])
		g.open(grokName(name), "", s[start:start+n]+"…)")
		s = s[start+n:]
	}
}

// reference adds what %{NAME:field:type} stands for.
func (g *grok) reference(what string, depth int) error {
	parts := strings.SplitN(what[2:len(what)-1], ":", 3)
	text, ok := g.own[parts[0]]
	if !ok {
		text, ok = grokPatterns[parts[0]]
	}
	switch {
	case !ok:
		return fmt.Errorf("%s: there is no pattern %s", what, parts[0])
	case depth == maxGrokDepth:
		return fmt.Errorf("%s: made of itself", what)
	case len(parts) == 1 || parts[1] == "":
		g.text.WriteString("(?:")
	default:
		kind := ""
		if len(parts) == 3 {
			kind = parts[2]
		}
		g.open(grokName(parts[1]), kind, what)
	}
	if err := g.expand(text, depth+1); err != nil {
		return err
	}
	g.text.WriteByte(')')
	return nil
}

// grokName returns a field's name with dots: [source][ip] is source.ip.
func grokName(name string) string {
	if strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]") {
		return strings.ReplaceAll(name[1:len(name)-1], "][", ".")
	}
	return name
}

// grokPatterns are the names that grok expressions are usually made of, without looking ahead or behind, which Go's
// regular expressions do not have.
var grokPatterns = map[string]string{
	"WORD":       `\b\w+\b`,
	"NOTSPACE":   `\S+`,
	"SPACE":      `\s*`,
	"DATA":       `.*?`,
	"GREEDYDATA": `.*`,
	"MULTILINE":  `(?s:.*)`,
	"USERNAME":   `[a-zA-Z0-9._-]+`,
	"USER":       `%{USERNAME}`,
	"INT":        `[+-]?[0-9]+`,
	"POSINT":     `[1-9][0-9]*`,
	"NONNEGINT":  `[0-9]+`,
	"BASE10NUM":  `[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)`,
	"NUMBER":     `%{BASE10NUM}`,
	"BASE16NUM":  `[+-]?(?:0x)?[0-9A-Fa-f]+`,
	"BOOL":       `(?i:true|false)`,

	"QUOTEDSTRING": `"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`,
	"QS":           `%{QUOTEDSTRING}`,
	"UUID":         `[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}`,
	"EMAILADDRESS": `[a-zA-Z0-9!#$%&'*+\-/=?^_{|}~.]+@%{HOSTNAME}`,

	"IPV4":         `(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])`,
	"IPV6":         `[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3})?(?:%[0-9A-Za-z]+)?`,
	"IP":           `(?:%{IPV4}|%{IPV6})`,
	"HOSTNAME":     `\b[0-9A-Za-z](?:[0-9A-Za-z-]{0,62})(?:\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\.?`,
	"HOST":         `%{HOSTNAME}`,
	"IPORHOST":     `(?:%{IP}|%{HOSTNAME})`,
	"HOSTPORT":     `%{IPORHOST}:%{POSINT}`,
	"MAC":          `(?:[A-Fa-f0-9]{2}[:-]){5}[A-Fa-f0-9]{2}`,
	"PATH":         `(?:%{UNIXPATH}|%{WINPATH})`,
	"UNIXPATH":     `(?:/[\w_%!$@:.,+~-]*)+`,
	"WINPATH":      `(?:[A-Za-z]+:|\\)(?:\\[^\\?*\s]*)+`,
	"URIPROTO":     `[A-Za-z](?:[A-Za-z0-9+\-.]+)`,
	"URIHOST":      `%{IPORHOST}(?::%{POSINT})?`,
	"URIPATH":      `(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_\-]*)+`,
	"URIPARAM":     `\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\-\[\]<>]*`,
	"URIPATHPARAM": `%{URIPATH}(?:%{URIPARAM})?`,
	"URI":          `%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?`,

	"MONTH":              `\b(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?|[Aa]ug(?:ust)?|[Ss]ep(?:tember)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?)\b`,
	"MONTHNUM":           `(?:0?[1-9]|1[0-2])`,
	"MONTHNUM2":          `(?:0[1-9]|1[0-2])`,
	"MONTHDAY":           `(?:0[1-9]|[12][0-9]|3[01]|[1-9])`,
	"DAY":                `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*`,
	"YEAR":               `(?:\d\d){1,2}`,
	"HOUR":               `(?:2[0123]|[01]?[0-9])`,
	"MINUTE":             `[0-5][0-9]`,
	"SECOND":             `(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?`,
	"TIME":               `%{HOUR}:%{MINUTE}(?::%{SECOND})?`,
	"DATE_US":            `%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}`,
	"DATE_EU":            `%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}`,
	"DATE":               `(?:%{DATE_US}|%{DATE_EU})`,
	"DATESTAMP":          `%{DATE}[- ]%{TIME}`,
	"TZ":                 `[A-Z]{3,4}`,
	"ISO8601_TIMEZONE":   `(?:Z|[+-]%{HOUR}(?::?%{MINUTE})?)`,
	"TIMESTAMP_ISO8601":  `%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?`,
	"HTTPDATE":           `%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}`,
	"SYSLOGTIMESTAMP":    `%{MONTH} +%{MONTHDAY} %{TIME}`,
	"DATESTAMP_RFC2822":  `%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}`,
	"DATESTAMP_OTHER":    `%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}`,
	"DATESTAMP_EVENTLOG": `\d{14}`,

	"LOGLEVEL":   `(?i:trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?|alert)`,
	"PROG":       `[\x21-\x5a\x5c\x5e-\x7e]+`,
	"SYSLOGHOST": `%{IPORHOST}`,
	"SYSLOGPROG": `%{PROG:process.name}(?:\[%{POSINT:process.pid:int}\])?`,
	"JAVACLASS":  `(?:[a-zA-Z$_][a-zA-Z$_0-9]*\.)*[a-zA-Z$_][a-zA-Z$_0-9]*`,
	"JAVAFILE":   `[a-zA-Z$_0-9. -]+`,

	"HTTPD_COMMONLOG": `%{IPORHOST:source.ip} (?:-|%{USER}) (?:-|%{USER:user.name}) \[%{HTTPDATE:timestamp}\] "(?:%{WORD:http.request.method} %{NOTSPACE:url.original}(?: HTTP/%{NUMBER:http.version})?|%{DATA})" ` +
		`(?:-|%{INT:http.response.status_code:int}) (?:-|%{INT:http.response.body.bytes:int})`,
	"HTTPD_COMBINEDLOG": `%{HTTPD_COMMONLOG} "(?:-|%{DATA:http.request.referrer})" "(?:-|%{DATA:user_agent.original})"`,
	"COMMONAPACHELOG":   `%{HTTPD_COMMONLOG}`,
	"COMBINEDAPACHELOG": `%{HTTPD_COMBINEDLOG}`,
}
