package parse

import (
	"bytes"

	"gatewatch/event"
)

// audit reads the log of the Linux audit daemon. The lines of one event are one record: the first says what happened, the
// others (PATH, EXECVE, CWD, PROCTITLE) more about it. Texts that the kernel writes as hexadecimal digits are decoded.
type audit struct {
	fieldList
	// serial is that of the line before.
	serial []byte
	object object
	found  auditFound
}

func (*audit) Name() string    { return "audit" }
func (*audit) Dataset() string { return "audit" }

// Starts tells whether line is of another event than the one before.
func (p *audit) Starts(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	_, _, stamp, _ := auditHeader(trimBOM(line))
	same := len(stamp) > 0 && bytes.Equal(stamp, p.serial)
	p.serial = append(p.serial[:0], stamp...)
	return !same
}

func fitsAudit(line []byte) bool {
	_, _, stamp, _ := auditHeader(trimBOM(line))
	return stamp != nil
}

// auditHeader reads "type=SYSCALL msg=audit(1795334400.686:584): ", with "node=host " before it where several hosts log to
// one file. stamp is the time and the number, nil when s does not begin so.
func auditHeader(s []byte) (node, kind, stamp, rest []byte) {
	if after, ok := bytes.CutPrefix(s, []byte("node=")); ok {
		node, s = word(after)
	}
	s, ok := bytes.CutPrefix(s, []byte("type="))
	if !ok {
		return nil, nil, nil, nil
	}
	kind, s, _ = bytes.Cut(s, []byte{' '})
	s, ok = bytes.CutPrefix(s, []byte("msg=audit("))
	if !ok {
		return nil, nil, nil, nil
	}
	stamp, rest, ok = bytes.Cut(s, []byte("):"))
	if !ok || len(stamp) == 0 || !isDigit(stamp[0]) || bytes.IndexByte(stamp, ':') < 0 {
		return nil, nil, nil, nil
	}
	return node, kind, stamp, bytes.TrimLeft(rest, " ")
}

var (
	auditAction   = ecs("event.action")
	auditLog      = event.Field{Name: []byte("auditd.log"), ECS: true, Kind: event.Object}
	auditArgs     = event.Field{Name: []byte("process.args"), ECS: true, Kind: event.Array}
	recordType    = []byte("record_type")
	auditSequence = []byte("sequence")
	auditRecords  = []byte("records")
)

func (p *audit) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	p.begin(ev)
	s := bytes.TrimRight(trimBOM(ev.Raw), " \r\n")
	node, kind, stamp, rest := auditHeader(lineOf(s))
	if stamp == nil {
		p.fail(ev, "audit: does not begin with type=… msg=audit(…)")
		return
	}
	at, serial, _ := bytes.Cut(stamp, []byte{':'})
	p.add(stampField, at)
	p.add(hostField, node)
	p.add(auditAction, auditActionOf(kind))
	p.found.reset()
	p.object.start(p.object.buf[:0])
	p.object.open()
	p.object.text(recordType, kind)
	p.object.text(auditSequence, serial)
	p.pairs(rest, kind, false)
	_, more, _ := bytes.Cut(s, []byte{'\n'})
	p.more(more)
	p.object.close()
	p.note(withValue(auditLog, p.object.buf))
	p.addFound()
	p.describe(kind)
	p.end(ev)
}

// more adds the other lines of the event as a list.
func (p *audit) more(s []byte) {
	if len(s) == 0 || !p.object.name(auditRecords) {
		return
	}
	p.object.buf = append(p.object.buf, '[')
	first := true
	for line := range bytes.SplitSeq(s, []byte{'\n'}) {
		_, kind, stamp, rest := auditHeader(line)
		if stamp == nil || string(kind) == "EOE" {
			continue
		}
		if !first {
			p.object.buf = append(p.object.buf, ',')
		}
		first = false
		p.object.open()
		p.object.text(recordType, kind)
		p.pairs(rest, kind, false)
		p.object.close()
	}
	p.object.buf = append(p.object.buf, ']')
}

// describe adds a message for people: what, by which program, for whom, with which result.
func (p *audit) describe(kind []byte) {
	start := len(p.text)
	p.text = append(p.text, kind...)
	f := &p.found
	program := f.title
	if program == nil {
		if program = f.command; program == nil {
			if program = f.executable; program == nil {
				program = f.name
			}
		}
	}
	for _, part := range [][]byte{f.operation, program, f.account, f.address, f.result} {
		if len(part) > 0 {
			p.text = append(append(p.text, ' '), part...)
		}
	}
	p.add(messageField, p.text[start:])
}
