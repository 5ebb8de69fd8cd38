package parse

import (
	"bytes"
	"fmt"
	"strings"

	"gatewatch/event"
)

// maxPrefixParts is how many parts a log_line_prefix may have.
const maxPrefixParts = 32

// pgPrefix is a compiled log_line_prefix.
type pgPrefix struct{ parts []pgPart }

// pgPart is an escape, the fixed text that stands there when escape is 0, or %q.
type pgPart struct {
	escape byte
	text   []byte
}

// pgHeader is what a line has before its message.
type pgHeader struct {
	values   [maxPrefixParts]pgValue
	count    int
	severity []byte
	message  int
}

type pgValue struct {
	escape byte
	text   []byte
}

// newPgPrefix compiles a value of log_line_prefix.
func newPgPrefix(pattern string) (p pgPrefix, err error) {
	text := []byte(nil)
	flush := func() {
		if text != nil {
			p.parts, text = append(p.parts, pgPart{text: text}), nil
		}
	}
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			text = append(text, pattern[i])
			continue
		}
		start := i
		for i++; i < len(pattern) && (pattern[i] == '-' || isDigit(pattern[i])); i++ { // a width
		}
		switch {
		case i == len(pattern):
			return p, fmt.Errorf("at byte %d: nothing follows the %%", start)
		case pattern[i] == '%':
			text = append(text, '%')
		case strings.IndexByte(pgEscapes, pattern[i]) < 0:
			return p, fmt.Errorf("at byte %d: unknown escape %s (log_line_prefix has %%%s)", start, pattern[start:i+1], strings.Join(strings.Split(pgEscapes, ""), " %"))
		default:
			flush()
			p.parts = append(p.parts, pgPart{escape: pattern[i]})
		}
	}
	flush()
	if len(p.parts) > maxPrefixParts {
		return p, fmt.Errorf("more than %d parts", maxPrefixParts)
	}
	return p, nil
}

// pgEscapes are the letters behind % in log_line_prefix.
const pgEscapes = "audbrhLpPtmnielcsvxqQ"

// match reads the header of line: the prefix and a severity.
func (p *pgPrefix) match(line []byte, h *pgHeader) bool {
	h.count = 0
	i := 0
	for k := range p.parts {
		switch part := &p.parts[k]; part.escape {
		case 0:
			if !bytes.HasPrefix(line[i:], part.text) {
				return false
			}
			i += len(part.text)
		case 'q':
			rest := pgPrefix{p.parts[k+1:]}
			before := h.count
			if rest.matchRest(line, i, h) {
				return true
			}
			// A process without a session stops here.
			h.count = before
			return h.readSeverity(line, i)
		default:
			n := p.valueLen(line[i:], k)
			if n < 0 {
				return false
			}
			h.values[h.count] = pgValue{part.escape, line[i : i+n]}
			h.count++
			i += n
		}
	}
	// Nothing but a time stands before many logs' messages; PostgreSQL writes two spaces.
	return h.readSeverity(line, i) && (len(p.parts) > 2 || bytes.HasPrefix(line[h.message:], []byte("  ")))
}

// matchRest is match for the parts behind %q, from i on.
func (p *pgPrefix) matchRest(line []byte, i int, h *pgHeader) bool {
	for k := range p.parts {
		part := &p.parts[k]
		n := len(part.text)
		if part.escape == 0 && !bytes.HasPrefix(line[i:], part.text) {
			return false
		}
		if part.escape != 0 && part.escape != 'q' {
			if n = p.valueLen(line[i:], k); n < 0 {
				return false
			}
			h.values[h.count] = pgValue{part.escape, line[i : i+n]}
			h.count++
		}
		i += n
	}
	return h.readSeverity(line, i)
}

// valueLen returns the length of the value of the k-th part at the start of s, or -1.
func (p *pgPrefix) valueLen(s []byte, k int) int {
	switch p.parts[k].escape {
	case 't', 'm', 's':
		return pgStampLen(s)
	case 'p', 'l', 'x', 'P':
		n := 0
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		return n
	}
	if k+1 < len(p.parts) && p.parts[k+1].escape == 0 {
		return bytes.Index(s, p.parts[k+1].text)
	}
	return bytes.IndexByte(s, ' ')
}

// pgStampLen returns the length of "2026-11-22 08:00:00.123 CET" at the start of s, or -1.
func pgStampLen(s []byte) int {
	n := len("2026-11-22 08:00:00")
	if len(s) < n+2 || s[4] != '-' || s[7] != '-' || s[10] != ' ' || s[13] != ':' || s[16] != ':' || !isDigit(s[0]) {
		return -1
	}
	if s[n] == '.' {
		for n++; n < len(s) && isDigit(s[n]); n++ {
		}
	}
	if n == len(s) || s[n] != ' ' {
		return -1
	}
	zone := n + 1
	for n++; n < len(s) && (isLetter(s[n]) || isDigit(s[n]) || s[n] == '+' || s[n] == '-' && n == zone); n++ {
	}
	if n == zone {
		return -1
	}
	return n
}

// readSeverity reads "LOG:  " at i.
func (h *pgHeader) readSeverity(line []byte, i int) bool {
	n := i
	for n < len(line) && (line[n]-'A' <= 'Z'-'A' || isDigit(line[n])) {
		n++
	}
	if n == i || n == len(line) || line[n] != ':' || n+1 < len(line) && line[n+1] != ' ' {
		return false
	}
	h.severity = line[i:n]
	h.message = n + 1
	switch string(h.severity) {
	case "LOG", "ERROR", "FATAL", "PANIC", "WARNING", "NOTICE", "INFO", "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5", "DEBUG":
		return true
	}
	return pgSection(h.severity) != nil
}

// pgFields are the fields of the escapes that are texts or numbers as they stand.
var pgFields = func() (all ['z' + 1]event.Field) {
	for escape, f := range map[byte]event.Field{
		'u': userField, 'd': ecs("postgresql.log.database"), 'a': ecs("postgresql.log.application_name"),
		'b': ecs("postgresql.log.backend_type"), 'p': processPID, 'l': ecsNumber("postgresql.log.session_line_number"),
		'c': ecs("postgresql.log.session_id"), 'e': ecs("postgresql.log.sql_state_code"), 'i': ecs("postgresql.log.command_tag"),
		'v': ecs("postgresql.log.virtual_transaction_id"), 'x': ecsNumber("postgresql.log.transaction_id"),
		'Q': ecs("postgresql.log.query_id"), 'P': ecsNumber("postgresql.log.leader_pid"), 'n': stampField,
	} {
		all[escape] = f
	}
	return all
}()

// addHeader adds what the prefix says.
func (p *postgres) addHeader() {
	for _, v := range p.header.values[:p.header.count] {
		switch v.escape {
		case 't', 'm':
			p.once(stampField, pgStamp(v.text))
		case 's':
			p.sessionStart(v.text)
		case 'r', 'h':
			p.client(v.text)
		case 'L': // the address of the server itself
		default:
			p.once(pgFields[v.escape], bytes.Trim(v.text, "[] "))
		}
	}
}
