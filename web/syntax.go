package web

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gatewatch/event"
)

// Bounds of a search text; what is beyond is not searched for.
const (
	maxSearchText = 1000
	maxTerms      = 20
)

// short names of fields in a search, beside those that event.ParseKey knows (provider, code, order_id, log.level).
var shortNames = map[string]string{
	"level":    event.Level.String(),
	"outcome":  outcomeField,
	"order":    event.OrderID.String(),
	"trace":    event.TraceID.String(),
	"service":  event.Service.String(),
	"ip":       event.SourceIP.String(),
	"status":   event.HTTPStatus.String(),
	"logger":   event.Logger.String(),
	"file":     "log.file.path",
	"kind":     "event.kind",
	"currency": event.Currency.String(),
}

const outcomeField = "payment.outcome"

// otherFields are names of documents that no fact has.
var otherFields = map[string]bool{
	outcomeField: true, groupingField: true, "event.outcome": true, "event.kind": true, "event.dataset": true, "log.file.path": true, "host.name": true,
}

// fieldName returns the document's name of a field that may stand before a colon in a search, or false.
func fieldName(name string) (string, bool) {
	if long, ok := shortNames[name]; ok {
		return long, true
	}
	for _, prefix := range []string{"labels.", "fields."} {
		if strings.HasPrefix(name, prefix) && len(name) > len(prefix) {
			return name, true
		}
	}
	if otherFields[name] {
		return name, true
	}
	if k, ok := event.ParseKey(name); ok {
		return k.String(), true
	}
	return "", false
}

// parseSearch reads a search text: words, "phrases", name:value and name:"value". A name that is no field makes the
// whole term a word, so that http://… and 14:02:11 are found as they are.
func parseSearch(text string) (equal []Match, words []string) {
	rest := strings.ToValidUTF8(cutText(text, maxSearchText), "\uFFFD")
	for range maxTerms {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		if rest == "" {
			break
		}
		var name, value string
		var quoted bool
		name, value, quoted, rest = nextTerm(rest)
		field, known := fieldName(name)
		switch {
		case known && (value != "" || quoted):
			equal = append(equal, Match{field, value})
		case name != "":
			words = append(words, name+":"+value)
		case value != "":
			words = append(words, value)
		}
	}
	return equal, words
}

// nextTerm cuts the first term off s, which does not begin with a space.
func nextTerm(s string) (name, value string, quoted bool, rest string) {
	if s[0] == '"' {
		value, rest = unquote(s[1:])
		return "", value, true, rest
	}
	end := strings.IndexFunc(s, unicode.IsSpace)
	if end < 0 {
		end = len(s)
	}
	colon := strings.IndexByte(s[:end], ':')
	if colon <= 0 {
		return "", s[:end], false, s[end:]
	}
	name, after := s[:colon], s[colon+1:]
	if strings.HasPrefix(after, `"`) {
		value, rest = unquote(after[1:])
		return name, value, true, rest
	}
	return name, s[colon+1 : end], false, s[end:]
}

// unquote returns the text up to the closing quote, with \" and \\ resolved, and what follows. A missing quote is
// taken to stand at the end.
func unquote(s string) (text, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:]
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// term writes a field condition so that parseSearch reads it back.
func term(name, value string) string { return name + ":" + quote(value) }

// quote writes value so that parseSearch reads it as one word.
func quote(value string) string {
	plain := value != "" && value[0] != '"' && strings.IndexFunc(value, unicode.IsSpace) < 0
	if plain {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// cutText cuts s to at most n bytes, at the border of a character.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
