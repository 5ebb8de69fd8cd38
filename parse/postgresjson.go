package parse

import "gatewatch/event"

// pgJSON are the fields of jsonlog's members.
var pgJSON = func() map[string]event.Field {
	all := map[string]event.Field{
		"timestamp": stampField, "user": userField, "pid": processPID, "error_severity": severityField, "message": messageField,
		"dbname": *pgText("database"), "remote_host": pgAddress, "remote_port": pgPort, "line_num": ecsNumber("postgresql.log.session_line_number"),
		"ps": *pgText("command_tag"), "session_start": pgStart, "vxid": *pgText("virtual_transaction_id"),
		"txid": ecsNumber("postgresql.log.transaction_id"), "state_code": *pgText("sql_state_code"), "statement": *pgText("query"),
		"internal_position": ecsNumber("postgresql.log.internal_query_pos"), "cursor_position": ecsNumber("postgresql.log.query_pos"),
		"leader_pid": ecsNumber("postgresql.log.leader_pid"),
	}
	for _, name := range []string{"detail", "hint", "internal_query", "context", "session_id", "application_name", "backend_type", "query_id"} {
		all[name] = *pgText(name)
	}
	return all
}()

// json reads a line of jsonlog, and tells whether it is one.
func (p *postgres) json(s []byte) bool {
	fields, ok := p.inside.read(s)
	if !ok {
		return false
	}
	severity, timed := false, false
	for _, f := range fields {
		if f.Derived {
			continue
		}
		to, known := pgJSON[string(f.Name)]
		value := f.Value
		if f.Escaped {
			value = p.unescaped(f.Value)
		}
		switch {
		case !known:
			p.once(f, f.Value)
		case to.Key == event.Timestamp:
			timed = true
			p.once(stampField, pgStamp(value))
		case to.Key == event.Level:
			severity = true
			p.once(severityField, pgLevel(value))
		case to.Key == event.Message:
			p.message(value)
		case string(f.Name) == "session_start":
			p.sessionStart(value)
		case string(f.Name) == "remote_host":
			p.client(value)
		default:
			if f.Kind > event.Number {
				to.Kind = f.Kind
			}
			to.Escaped = f.Escaped
			p.once(to, f.Value)
		}
	}
	return severity && timed
}
