package parse

import (
	"bytes"

	"gatewatch/event"
)

// journalFields are the fields of the schema for what the journal knows about a record, as Elastic's input for it names them.
var journalFields = map[string]event.Field{
	"__REALTIME_TIMESTAMP": stampField, "_HOSTNAME": hostField, "_PID": processPID, "_EXE": processExe, "_CMDLINE": commandLine,
	"_UID": userID, "_GID": ecs("user.group.id"), "_MACHINE_ID": ecs("host.id"), "_BOOT_ID": ecs("host.boot.id"),
	"SYSLOG_FACILITY": ecsNumber("log.syslog.facility.code"), "SYSLOG_IDENTIFIER": ecs("log.syslog.appname"),
	"SYSLOG_PID": ecs("log.syslog.procid"), "MESSAGE_ID": ecs("log.syslog.msgid"),
	"_SYSTEMD_UNIT": ecs("systemd.unit"), "_SYSTEMD_USER_UNIT": ecs("systemd.user_unit"), "_SYSTEMD_SLICE": ecs("systemd.slice"),
	"_SYSTEMD_CGROUP": ecs("systemd.cgroup"), "_SYSTEMD_INVOCATION_ID": ecs("systemd.invocation_id"),
	"_SYSTEMD_OWNER_UID": ecs("systemd.owner_uid"), "_SYSTEMD_SESSION": ecs("systemd.session"), "_TRANSPORT": ecs("systemd.transport"),
	"CODE_FILE": ecs("log.origin.file.name"), "CODE_LINE": ecsNumber("log.origin.file.line"), "CODE_FUNC": ecs("log.origin.function"),
	"CONTAINER_ID_FULL": ecs("container.id"), "CONTAINER_NAME": ecs("container.name"), "IMAGE_NAME": ecs("container.image.name"),
}

// journalSeverity is the field of PRIORITY.
var journalSeverity = ecsNumber("log.syslog.severity.code")

// field takes a field of the record. What programs add themselves keeps its name.
func (p *journald) field(name, value []byte) {
	if len(value) == 0 {
		return
	}
	switch string(name) {
	case "MESSAGE":
		p.said = bytes.TrimSpace(value)
	case "PRIORITY":
		p.once(journalSeverity, value)
	case "_COMM":
		p.command = value
	case "SYSLOG_IDENTIFIER":
		p.program = value
		p.once(journalFields["SYSLOG_IDENTIFIER"], value)
	case "_SOURCE_REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP", "_SOURCE_MONOTONIC_TIMESTAMP", "__CURSOR", "__SEQNUM", "__SEQNUM_ID":
		// Where the record stands in the journal, which nobody looks for.
	default:
		f, known := journalFields[string(name)]
		if !known {
			f = event.Field{Name: name}
		}
		p.once(f, value)
	}
}

// finish adds what takes several fields, and what the message says.
func (p *journald) finish() {
	name := p.command
	if name == nil {
		name = p.program
	}
	p.add(processName, name)
	before := len(p.fields)
	if p.message.json(&p.fieldList, p.said) {
		p.settle(before)
		return
	}
	for i := range p.fields {
		if string(p.fields[i].Name) == string(journalSeverity.Name) {
			p.once(severityField, p.fields[i].Value)
			break
		}
	}
	p.once(messageField, p.said)
	if p.program == nil {
		p.program = p.command
	}
	// The journal's own time stays the record's.
	before = len(p.fields)
	p.fieldList.program(p.program, p.said)
	p.settle(before)
}

// settle takes what the message says for what the journal knew too: the fields from index n on replace others of their name.
func (p *journald) settle(n int) {
	kept := p.fields[:n]
	for _, f := range p.fields[n:] {
		same := -1
		for i := range kept {
			if !f.Derived && !kept[i].Derived && string(kept[i].Name) == string(f.Name) {
				same = i
			}
		}
		if same < 0 {
			kept = append(kept, f)
		} else {
			kept[same] = f
		}
	}
	p.fields = kept
}
