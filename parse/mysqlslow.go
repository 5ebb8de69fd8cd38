package parse

import (
	"bytes"

	"gatewatch/event"
)

// mysqlSlow reads the slow query logs of MySQL 5.5 to 9, Percona Server and MariaDB. The statement is the message.
type mysqlSlow struct {
	fieldList
	// dated tells that the line before was "# Time:", which belongs to the record of the next line.
	dated bool
}

func (*mysqlSlow) Name() string    { return "mysql-slow" }
func (*mysqlSlow) Dataset() string { return "database" }

// Starts tells whether line is the first of a record: "# Time:", or "# User@Host:" where the time is that of the record
// before. The server also writes three lines about itself whenever it opens the file.
func (p *mysqlSlow) Starts(line []byte) bool {
	dated := p.dated
	p.dated = bytes.HasPrefix(line, slowTime)
	switch {
	case p.dated:
		return true
	case bytes.HasPrefix(line, slowUser):
		return !dated
	}
	return bytes.HasSuffix(line, slowBanner) || bytes.HasSuffix(line, slowBannerOld)
}

var (
	slowTime      = []byte("# Time: ")
	slowUser      = []byte("# User@Host: ")
	slowBanner    = []byte("started with:")
	slowBannerOld = []byte("started with:\r")
	slowStamp     = []byte("SET timestamp=")
	slowExplain   = []byte("# explain: ")
	slowUse       = []byte("use ")
)

func fitsMySQLSlow(line []byte) bool {
	return bytes.HasPrefix(line, slowTime) || bytes.HasPrefix(line, slowUser)
}

func (p *mysqlSlow) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	p.begin(ev)
	s := bytes.TrimRight(trimBOM(ev.Raw), " \t\r\n")
	if fitsMySQLSlow(s) {
		p.record(s)
	} else {
		p.add(messageField, s)
	}
	p.end(ev)
}

// record reads the comments, then the lines that set up the statement, then the statement.
func (p *mysqlSlow) record(s []byte) {
	var written, stamp, explain []byte
	for len(s) > 0 && (s[0] == '#' || s[0] == '\n') {
		var line []byte
		line, s, _ = bytes.Cut(s, []byte{'\n'})
		line = bytes.TrimRight(line, " \r")
		switch {
		case bytes.HasPrefix(line, slowTime):
			written = bytes.TrimSpace(line[len(slowTime):])
		case bytes.HasPrefix(line, slowUser):
			p.account(line[len(slowUser):])
		case bytes.HasPrefix(line, []byte("# administrator command: ")):
			p.add(messageField, line[2:])
		case bytes.HasPrefix(line, slowExplain):
			explain = append(append(explain, line[len(slowExplain):]...), '\n')
		default:
			p.measures(line[1:])
		}
	}
	if use, rest, ok := bytes.Cut(s, []byte(";\n")); ok && bytes.HasPrefix(use, slowUse) && bytes.IndexByte(use, '\n') < 0 {
		p.once(slowSchema, bytes.Trim(use[len(slowUse):], "`"))
		s = rest
	}
	if rest, ok := bytes.CutPrefix(s, slowStamp); ok {
		line, rest, _ := bytes.Cut(rest, []byte{'\n'})
		stamp, s = bytes.TrimRight(line, ";\r "), rest
	}
	p.add(slowPlan, bytes.TrimSpace(explain))
	p.times(written, stamp)
	p.once(messageField, bytes.TrimSpace(s))
}

// times adds when the statement was written or, which comes first, for which time it ran.
func (p *mysqlSlow) times(written, stamp []byte) {
	if len(stamp) > 0 {
		p.add(stampField, stamp)
		return
	}
	p.add(stampField, written)
}

// account reads "shop[shop] @ localhost [127.0.0.1]  Id:    14".
func (p *mysqlSlow) account(s []byte) {
	user, rest, ok := bytes.Cut(s, []byte(" @ "))
	if !ok {
		return
	}
	name, current, _ := bytes.Cut(user, []byte{'['})
	p.once(userField, name)
	p.once(slowCurrent, bytes.TrimRight(current, "]"))
	host, rest, _ := bytes.Cut(rest, []byte{'['})
	p.once(sourceDomain, bytes.TrimSpace(host))
	address, rest, _ := bytes.Cut(rest, []byte{']'})
	p.once(addressField, address)
	p.measures(rest)
}

// measures reads "Query_time: 2.475469  Lock_time: 0.000287 Rows_sent: 10".
func (p *mysqlSlow) measures(s []byte) {
	for {
		name, rest, ok := bytes.Cut(s, []byte{':'})
		if !ok {
			return
		}
		name = bytes.TrimSpace(name)
		rest = bytes.TrimLeft(rest, " ")
		value, after := word(rest)
		if len(value) > 0 && value[len(value)-1] == ':' { // "Schema:  Last_errno: 0" has no schema
			value, after = nil, rest
		}
		p.measure(name, value)
		s = after
	}
}

func (p *mysqlSlow) measure(name, value []byte) {
	f, ok := slowMeasures[string(name)]
	switch {
	case !ok || len(value) == 0:
	case f.Key == event.Duration:
		p.once(f, value)
	case f.Kind == event.Bool:
		yes := string(value) == "Yes"
		if yes || string(value) == "No" {
			p.once(f, boolText(yes))
		}
	default:
		p.once(f, value)
	}
}

func boolText(is bool) []byte {
	if is {
		return []byte("true")
	}
	return []byte("false")
}
