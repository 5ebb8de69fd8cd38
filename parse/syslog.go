package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// syslog reads the files of syslog daemons: RFC 3164 and RFC 5424, with and without the priority that stands before a
// message that is sent. A message that is JSON is read as json reads it; those of sshd, sudo, cron and others as
// the program writes them.
type syslog struct {
	fieldList
	header syslogHeader
	object object
	inside inside
}

func (*syslog) Name() string    { return "syslog" }
func (*syslog) Dataset() string { return "system" }

// Starts tells whether line begins with a header.
func (p *syslog) Starts(line []byte) bool { return p.header.read(trimBOM(line)) }

var (
	syslogPriority = ecsNumber("log.syslog.priority")
	syslogVersion  = ecs("log.syslog.version")
	syslogID       = ecs("log.syslog.msgid")
	syslogProcID   = ecs("log.syslog.procid")
	syslogData     = event.Field{Name: []byte("log.syslog.structured_data"), ECS: true, Kind: event.Object}
	syslogRepeated = ecsNumber("event.count")
)

// syslogFacilities and syslogSeverities are the fields of each code.
var (
	syslogFacilities = codes("log.syslog.facility", "kernel user-level mail system security/authorization syslogd line-printer "+
		"network-news UUCP clock security/authorization FTP NTP log-audit log-alert clock local0 local1 local2 local3 local4 local5 local6 local7")
	syslogSeverities = codes("log.syslog.severity", "Emergency Alert Critical Error Warning Notice Informational Debug")
)

// codes returns the code and the name for each of the names, in their order.
func codes(prefix, names string) (all [][2]event.Field) {
	for i, name := range bytes.Fields([]byte(names)) {
		code := ecsNumber(prefix + ".code")
		code.Value = []byte(string(rune('0' + i)))
		if i >= 10 {
			code.Value = []byte{'0' + byte(i/10), '0' + byte(i%10)}
		}
		all = append(all, [2]event.Field{code, ecsWord(prefix+".name", string(name))})
	}
	return all
}

func (p *syslog) Parse(ev *event.Event) {
	ev.Raw = validText(ev.Raw)
	p.begin(ev)
	line := bytes.TrimRight(trimBOM(ev.Raw), "\r\n")
	if !p.header.read(line) {
		p.fail(ev, "syslog: does not begin with a time, or a priority and a time")
		return
	}
	h := &p.header
	p.addHeader(h)
	message := bytes.TrimSpace(line[h.message:])
	timed := false
	if !p.inside.json(&p.fieldList, message) {
		if h.priority != nil {
			p.add(severityField, syslogSeverities[h.code&7][0].Value)
		}
		p.add(messageField, message)
		timed = p.program(h.program, message)
	}
	if !timed {
		p.add(stampField, h.time)
	}
	p.end(ev)
}

// addHeader adds all of the header but the time.
func (p *syslog) addHeader(h *syslogHeader) {
	p.add(hostField, h.host)
	p.add(processName, h.program)
	if values.AllDigits(h.pid) {
		p.add(processPID, h.pid)
	} else {
		p.add(syslogProcID, h.pid)
	}
	if h.priority != nil {
		p.add(syslogPriority, h.priority)
		p.note(syslogFacilities[h.code>>3][:]...)
		p.note(syslogSeverities[h.code&7][:]...)
	}
	p.add(syslogVersion, h.version)
	p.add(syslogID, h.messageID)
	if h.data != nil {
		p.object.start(p.text)
		start := len(p.text)
		p.object.structured(h.data)
		p.text = p.object.buf
		p.add(syslogData, p.text[start:])
	}
}
