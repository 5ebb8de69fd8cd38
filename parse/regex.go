package parse

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"gatewatch/event"
)

// regex reads records by a regular expression with named groups, which become fields.
type regex struct {
	walker
	format string
	re     *regexp.Regexp
	groups []group
	taken  []bool // by slot: the record has the field already
	steps  []beginning
}

// group is a named group of the expression.
type group struct {
	index  int // of the submatch
	slot   int // groups of the same name, of which only one takes part in a match, share it
	field  event.Field
	number bool
	what   string // how the pattern writes it
}

// newRegex returns a parser for a regular expression in Go's syntax. A group's name is the field's: (?P<order_id>…). Dots
// are written as two underscores, (?P<source__ip>…), or in quotes, (?P<"source.ip">…).
func newRegex(pattern string) (Parser, error) {
	e := expression{}
	pattern = strings.TrimSpace(pattern)
	for {
		start, name, n := namedGroup(pattern)
		if start < 0 {
			break
		}
		e.text.WriteString(pattern[:start])
		what := pattern[start:start+n] + "…)"
		if quoted := strings.Trim(name, `"`); quoted != name {
			name = quoted
		} else {
			name = strings.ReplaceAll(name, "__", ".")
		}
		e.open(name, "", what)
		pattern = pattern[start+n:]
	}
	e.text.WriteString(pattern)
	return e.parser("regex")
}

// namedGroup returns where the next named group begins in s, its name, and the length of what stands before its content.
func namedGroup(s string) (start int, name string, n int) {
	for i := 0; i+3 < len(s); i++ {
		if s[i] == '\\' {
			i++
			continue
		}
		rest, ok := strings.CutPrefix(s[i:], "(?")
		if !ok {
			continue
		}
		body, ok := strings.CutPrefix(strings.TrimPrefix(rest, "P"), "<")
		end := strings.IndexByte(body, '>')
		if ok && end > 0 && body[0] != '=' && body[0] != '!' {
			return i, body[:end], len(s[i:]) - len(body) + end + 1
		}
	}
	return -1, "", 0
}

// expression is a regular expression being put together.
type expression struct {
	text   strings.Builder
	groups []group
	slots  map[string]int
}

// open writes the start of a group that is the field name.
func (e *expression) open(name, kind, what string) {
	if e.slots == nil {
		e.slots = map[string]int{}
	}
	slot, ok := e.slots[name]
	if !ok {
		slot = len(e.slots)
		e.slots[name] = slot
	}
	fmt.Fprintf(&e.text, "(?P<g%d>", len(e.groups))
	e.groups = append(e.groups, group{
		slot: slot, field: event.Field{Name: []byte(name), ECS: isSchema(name)}, what: what,
		number: isNumberKind(kind) || kind == "" && isSchema(name) && strings.Contains(" port pid bytes line ", " "+name[strings.LastIndexByte(name, '.')+1:]+" "),
	})
}

func isNumberKind(kind string) bool {
	switch kind {
	case "int", "long", "float", "double", "integer", "number":
		return true
	}
	return false
}

// schemaRoots are the field sets of the Elastic Common Schema that records may have fields of.
const schemaRoots = " client cloud container destination device dns email error event file group host http log network " +
	"observer orchestrator organization package process related rule server service source span threat tls transaction url user " +
	"user_agent vulnerability x509 "

// ownNames are fields of the schema that documents have anyway.
const ownNames = " host.name log.file.path log.offset event.dataset event.kind event.outcome "

// isSchema tells whether a field of that name stands at the top of documents: it is one of the schema and no fact.
func isSchema(name string) bool {
	root, _, ok := strings.Cut(name, ".")
	_, fact := event.ParseKey(name)
	return ok && !fact && strings.Contains(schemaRoots, " "+root+" ") && !strings.Contains(ownNames, " "+name+" ")
}

// parser compiles the expression.
func (e *expression) parser(format string) (Parser, error) {
	text := e.text.String()
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, e.mistake(text, err)
	}
	p := &regex{format: format, re: re, groups: e.groups, taken: make([]bool, len(e.slots))}
	if len(p.groups) == 0 {
		return nil, fmt.Errorf("has no named group that could become a field")
	}
	for i := range p.groups {
		p.groups[i].index = re.SubexpIndex(fmt.Sprintf("g%d", i))
	}
	return p, nil
}

// mistake says what is wrong with an expression in the words of the pattern.
func (e *expression) mistake(text string, err error) error {
	var wrong *syntax.Error
	if !errors.As(err, &wrong) {
		return err
	}
	expr := wrong.Expr
	for i := range e.groups {
		expr = strings.ReplaceAll(expr, fmt.Sprintf("(?P<g%d>", i), e.groups[i].what)
	}
	if wrong.Code == syntax.ErrInvalidPerlOp {
		return fmt.Errorf("%s is not supported: there is no looking ahead or behind, no going back", expr)
	}
	return fmt.Errorf("%s: %s", wrong.Code, expr)
}

func (p *regex) Name() string  { return p.format }
func (*regex) Dataset() string { return "app" }

// Starts tells whether line begins with something else than white space, or matches.
func (p *regex) Starts(line []byte) bool {
	return len(line) > 0 && (line[0] != ' ' && line[0] != '\t' || p.re.Match(line))
}

func (p *regex) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	s, more := firstLine(trimBOM(ev.Raw))
	m := p.re.FindSubmatchIndex(s)
	if m == nil && len(more) > 0 {
		s, more = trimBOM(ev.Raw), nil
		m = p.re.FindSubmatchIndex(s)
	}
	if m == nil {
		ev.Malformed = p.misfit(s)
		return
	}
	p.start(ev.Fields[:0])
	p.high = true
	clear(p.taken)
	for i := range p.groups {
		g := &p.groups[i]
		start, end := m[2*g.index], m[2*g.index+1]
		if start < 0 || start == end || p.taken[g.slot] {
			continue
		}
		p.taken[g.slot] = true
		value := s[start:end]
		if end == len(s) && len(more) > 0 && isText(g.field.Name) {
			value, more = s[start:len(s)+1+len(more)], nil // the message goes on in further lines
		}
		f := withValue(g.field, value)
		if g.number && isJSONNumber(value) {
			f.Kind = event.Number
		}
		p.fields = append(p.fields, f)
		if isText(f.Name) {
			p.mine(value, false)
		}
	}
	if len(more) > 0 {
		p.fields = append(p.fields, withValue(zapStack, more))
	}
	ev.Fields, p.fields = p.fields, nil
}

// isText tells whether a group of that name is the message, which may go on in further lines.
func isText(name []byte) bool { return string(name) == "message" || string(name) == "msg" }

// isJSONNumber tells whether v is a number as JSON writes it.
func isJSONNumber(v []byte) bool {
	s := scanner{b: v}
	return len(v) <= maxNumber && s.numberEnd(0) == len(v)
}
