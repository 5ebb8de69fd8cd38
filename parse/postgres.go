package parse

import (
	"bytes"

	"gatewatch/event"
)

// postgres reads the three shapes of PostgreSQL's log: lines on stderr behind log_line_prefix, csvlog and jsonlog. What the
// server adds to a message (DETAIL, HINT, CONTEXT, STATEMENT) belongs to the record of the message.
type postgres struct {
	fieldList
	// prefixes are the layouts of lines on stderr that are tried, the last that fitted first.
	prefixes []pgPrefix
	header   pgHeader
	inside   inside
}

// newPostgres returns a parser of lines whose log_line_prefix is pattern.
func newPostgres(pattern string) (Parser, error) {
	p, err := newPgPrefix(pattern)
	if err != nil {
		return nil, err
	}
	return &postgres{prefixes: []pgPrefix{p}}, nil
}

// pgUsual are the values of log_line_prefix that packages and hosted services set.
var pgUsual = func() (all []pgPrefix) {
	for _, pattern := range []string{
		"%m [%p] %q%u@%d ",    // Debian, and PostgreSQL's own without the names
		"%t:%r:%u@%d:[%p]:",   // Amazon RDS
		"%t [%p-%l] %q%u@%d ", // older Debian
		"%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ", // pgBadger
		"%t [%p]: [%l-1] db=%d,user=%u,app=%a,client=%h ",
		"%t [%p]: [%l-1] db=%d,user=%u ", // Google Cloud SQL
		"%t [%p]: [%l-1] user=%u,db=%d ",
		"%t [%p]: %q%u@%d ",
		"%t [%p] user=%u,db=%d,app=%a,client=%h ",
		"%t-%c-", // Azure
		"%t ",    // before version 10
	} {
		p, err := newPgPrefix(pattern)
		if err == nil {
			all = append(all, p)
		}
	}
	return all
}()

func (*postgres) Name() string    { return "postgres" }
func (*postgres) Dataset() string { return "database" }

// Starts tells whether line begins a record of any of the shapes.
func (p *postgres) Starts(line []byte) bool {
	line = trimBOM(line)
	if len(line) == 0 || line[0] == '\t' {
		return false
	}
	return line[0] == '{' || isPgCSV(line) || p.match(line) && pgSection(p.header.severity) == nil
}

// match reads the header of a line on stderr.
func (p *postgres) match(line []byte) bool {
	if p.prefixes == nil {
		p.prefixes = append(p.prefixes, pgUsual...)
	}
	for i := range p.prefixes {
		if p.prefixes[i].match(line, &p.header) {
			p.prefixes[0], p.prefixes[i] = p.prefixes[i], p.prefixes[0]
			return true
		}
	}
	return false
}

func fitsPostgres(line []byte) bool {
	var p postgres
	line = trimBOM(line)
	if len(line) > 0 && line[0] == '{' {
		return p.json(line)
	}
	return isPgCSV(line) && p.fitsCSV(line) || p.match(line)
}

func (p *postgres) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	p.begin(ev)
	s := bytes.TrimRight(trimBOM(ev.Raw), " \r\n")
	var problem string
	switch {
	case len(s) > 0 && s[0] == '{':
		if !p.json(s) {
			problem = "postgres: no line of jsonlog"
		}
	case isPgCSV(s):
		if !p.csv(s) {
			problem = "postgres: fewer columns than csvlog has"
		}
	default:
		problem = p.stderr(s)
	}
	if problem != "" {
		p.fail(ev, problem)
		return
	}
	p.end(ev)
}

// pgSections are the fields of what the server adds to a message.
var pgSections = map[string]*event.Field{
	"DETAIL": pgText("detail"), "HINT": pgText("hint"), "QUERY": pgText("internal_query"), "CONTEXT": pgText("context"),
	"STATEMENT": pgText("query"), "LOCATION": pgText("location"), "BACKTRACE": pgText("backtrace"),
}

func pgText(name string) *event.Field {
	f := ecs("postgresql.log." + name)
	return &f
}

func pgSection(severity []byte) *event.Field { return pgSections[string(severity)] }

// stderr reads the lines of a record, and says what is wrong with them.
func (p *postgres) stderr(s []byte) (problem string) {
	text, rest := p.section(s)
	if text == nil {
		return "postgres: does not begin with log_line_prefix and a severity"
	}
	p.addHeader()
	if f := pgSection(p.header.severity); f == nil {
		p.add(severityField, pgLevel(p.header.severity))
		if hasSQLState(text) { // log_error_verbosity = verbose
			p.once(pgFields['e'], text[:sqlStateLen])
			text = text[sqlStateLen+len(": "):]
		}
		p.message(text)
	} else { // its message was a record of its own
		p.add(messageField, text)
	}
	for rest != nil {
		if text, rest = p.section(rest); text != nil {
			if f := pgSection(p.header.severity); f != nil {
				p.once(*f, text)
			}
		}
	}
	return ""
}

const sqlStateLen = len("42P01")

// hasSQLState tells whether a message begins with the code of an error: "42P01: relation …".
func hasSQLState(text []byte) bool {
	if len(text) < sqlStateLen+2 || text[sqlStateLen] != ':' || text[sqlStateLen+1] != ' ' {
		return false
	}
	digits := 0
	for _, c := range text[:sqlStateLen] {
		switch {
		case isDigit(c):
			digits++
		case c < 'A' || c > 'Z':
			return false
		}
	}
	return digits > 1
}

// section reads the header that s begins with and returns the text behind it, up to the next header and what follows.
func (p *postgres) section(s []byte) (text, rest []byte) {
	if !p.match(lineOf(s)) {
		return nil, nil
	}
	header := p.header
	start, end := header.message, len(s)
	for i := start; ; {
		n := bytes.IndexByte(s[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
		if i < len(s) && s[i] != '\t' && p.match(lineOf(s[i:])) {
			end, rest = i-1, s[i:]
			break
		}
	}
	p.header = header
	return bytes.TrimSpace(s[start:end]), rest
}

func lineOf(s []byte) []byte {
	line, _, _ := bytes.Cut(s, []byte{'\n'})
	return line
}

// pgLevel returns the word of a severity without the number of DEBUG1 to DEBUG5.
func pgLevel(severity []byte) []byte { return bytes.TrimRight(severity, "12345") }
