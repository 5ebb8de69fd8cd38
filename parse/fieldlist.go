package parse

import (
	"gatewatch/event"
	"gatewatch/internal/values"
)

// fieldList collects the fields of a record whose format fixes their names.
type fieldList struct {
	fields []event.Field
	// text holds values that do not stand in the record as they are wanted.
	text []byte
}

// begin prepares l for the fields of ev.
func (l *fieldList) begin(ev *event.Event) { l.fields, l.text = ev.Fields[:0], l.text[:0] }

// end hands the fields to ev.
func (l *fieldList) end(ev *event.Event) { ev.Fields, l.fields = l.fields, nil }

// fail hands ev over without fields.
func (l *fieldList) fail(ev *event.Event, problem string) {
	ev.Fields, l.fields, ev.Malformed = l.fields[:0], nil, problem
}

// add adds a field unless its value is empty. A number that JSON does not have becomes a string.
func (l *fieldList) add(f event.Field, value []byte) {
	if len(value) == 0 {
		return
	}
	if f.Kind == event.Number && !isNumber(value) {
		f.Kind = event.String
	}
	l.fields = append(l.fields, withValue(f, value))
}

// millis adds the fact of how long something took in milliseconds.
func (l *fieldList) millis(f event.Field, value []byte) {
	if len(value) > 0 {
		l.add(f, l.join(value, "ms"))
	}
}

// join returns the text of a followed by b.
func (l *fieldList) join(a []byte, b string) []byte {
	start := len(l.text)
	l.text = append(append(l.text, a...), b...)
	return l.text[start:]
}

// once is add for a field that the record may repeat; the first one counts.
func (l *fieldList) once(f event.Field, value []byte) {
	for i := range l.fields {
		if string(l.fields[i].Name) == string(f.Name) {
			return
		}
	}
	l.add(f, value)
}

// ecs returns the field of that name in the schema, for a text.
func ecs(name string) event.Field { return event.Field{Name: []byte(name), ECS: true} }

// ecsNumber is ecs for a number.
func ecsNumber(name string) event.Field {
	return event.Field{Name: []byte(name), ECS: true, Kind: event.Number}
}

// ecsArray is ecs for a fixed list of words.
func ecsArray(name, json string) event.Field {
	return event.Field{Name: []byte(name), ECS: true, Kind: event.Array, Value: []byte(json)}
}

// ecsWord is ecs for a fixed word.
func ecsWord(name, value string) event.Field {
	return event.Field{Name: []byte(name), ECS: true, Value: []byte(value)}
}

// isNumber tells whether s is a number as JSON writes it, and short enough for a long or a double.
func isNumber(s []byte) bool {
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n == 0 || n > 18 || n > 1 && s[0] == '0' {
		return false
	}
	return n == len(s) || s[n] == '.' && len(s) < 36 && values.AllDigits(s[n+1:])
}

// The fields that several formats have.
var (
	userField     = event.Field{Key: event.UserName, Name: []byte("user")}
	addressField  = event.Field{Key: event.SourceIP, Name: []byte("address")}
	stampField    = event.Field{Key: event.Timestamp, Name: []byte("time_written")}
	severityField = event.Field{Key: event.Level, Name: []byte("severity")}
	durationField = event.Field{Key: event.Duration, Name: []byte("duration")}

	hostField        = ecs("host.hostname")
	processName      = ecs("process.name")
	processPID       = ecsNumber("process.pid")
	sourcePort       = ecsNumber("source.port")
	sourceDomain     = ecs("source.domain")
	effectiveUser    = ecs("user.effective.name")
	userID           = ecs("user.id")
	groupID          = ecs("group.id")
	groupName        = ecs("group.name")
	targetUser       = ecs("user.target.name")
	commandLine      = ecs("process.command_line")
	processExe       = ecs("process.executable")
	outcomeSuccess   = ecsWord("event.outcome", "success")
	outcomeFailure   = ecsWord("event.outcome", "failure")
	categoryAuth     = ecsArray("event.category", `["authentication"]`)
	categoryLogin    = ecsArray("event.category", `["authentication","session"]`)
	categorySession  = ecsArray("event.category", `["session"]`)
	categoryProcess  = ecsArray("event.category", `["process"]`)
	categoryIAM      = ecsArray("event.category", `["iam"]`)
	typeInfo         = ecsArray("event.type", `["info"]`)
	typeStart        = ecsArray("event.type", `["start"]`)
	typeChange       = ecsArray("event.type", `["change"]`)
	typeUserCreation = ecsArray("event.type", `["user","creation"]`)
	typeUserDeletion = ecsArray("event.type", `["user","deletion"]`)
	typeGroupCreated = ecsArray("event.type", `["group","creation"]`)
	typeGroupDeleted = ecsArray("event.type", `["group","deletion"]`)
	typeUserChange   = ecsArray("event.type", `["user","change"]`)
)

// note adds a field that has its value already.
func (l *fieldList) note(all ...event.Field) { l.fields = append(l.fields, all...) }

// unescaped returns the text of the inside of a JSON string.
func (l *fieldList) unescaped(s []byte) []byte {
	start := len(l.text)
	l.text = values.AppendUnescaped(l.text, s)
	return l.text[start:]
}
