package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// mongodb reads the JSON log of MongoDB 4.4 and later. What it says about an operation (attr) stays one object: names in
// there are those of the application's documents and say nothing about the record.
type mongodb struct {
	fieldList
	inside inside
}

func (*mongodb) Name() string       { return "mongodb" }
func (*mongodb) Dataset() string    { return "database" }
func (*mongodb) Starts([]byte) bool { return true }

// mongoMembers are the fields of the members of a record.
var mongoMembers = map[string]event.Field{
	"t": stampField, "s": severityField, "msg": messageField, "c": ecs("mongodb.log.component"),
	"ctx": ecs("mongodb.log.context"), "id": ecsNumber("mongodb.log.id"), "svc": ecs("mongodb.log.service"),
	"attr": {Name: []byte("mongodb.log.attr"), ECS: true, Kind: event.Object},
}

func fitsMongoDB(line []byte) bool {
	line = trimBOM(line)
	return bytes.HasPrefix(line, []byte(`{"t":{"$date":"`)) && bytes.Contains(line, []byte(`"s":"`)) && bytes.Contains(line, []byte(`"ctx":"`))
}

func (p *mongodb) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	p.begin(ev)
	fields, ok := p.inside.read(ev.Raw)
	if !ok {
		p.fail(ev, "mongodb: "+p.inside.ev.Malformed)
		return
	}
	for i := range fields {
		p.member(&fields[i])
	}
	p.end(ev)
}

// member adds a member of the record, or what one inside t and attr means.
func (p *mongodb) member(f *event.Field) {
	if f.Derived {
		switch string(f.Name) {
		case "t.$date":
			p.once(stampField, f.Value)
		case "attr.durationMillis":
			if isNumber(f.Value) {
				p.once(durationField, p.join(f.Value, "ms"))
			}
		case "attr.remote":
			if address, port, ok := endpoint(f.Value); ok && values.IsAddress(address) {
				p.once(addressField, address)
				p.once(sourcePort, port)
			}
		}
		return
	}
	to, known := mongoMembers[string(f.Name)]
	switch {
	case !known:
		p.once(*f, f.Value)
	case to.Key == event.Timestamp && f.Kind == event.Object:
		// The date in it comes as a field of its own.
	case to.Key == event.Level:
		p.once(to, mongoLevel(f.Value))
	default:
		if f.Kind > event.Number || to.Kind > event.Number {
			to.Kind = f.Kind
		}
		to.Escaped = f.Escaped
		p.once(to, f.Value)
	}
}

// mongoLevel returns the word for a severity: F, E, W, I and D1 to D5.
func mongoLevel(s []byte) []byte {
	if len(s) == 2 && s[0] == 'D' {
		return s[:1]
	}
	return s
}
