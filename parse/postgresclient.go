package parse

import (
	"bytes"
	"time"

	"gatewatch/internal/values"
)

var (
	pgAddress = ecs("postgresql.log.client_addr")
	pgPort    = ecsNumber("postgresql.log.client_port")
	pgStart   = ecs("postgresql.log.session_start_time")
)

// pgStamp returns a time stamp without its zone when that is a word that means different times in different countries:
// then the group's time zone says it.
func pgStamp(s []byte) []byte {
	i := bytes.LastIndexByte(s, ' ')
	if i < len("2026-11-22 ") {
		return s
	}
	switch zone := s[i+1:]; {
	case string(zone) == "UTC", string(zone) == "GMT", len(zone) > 0 && !isLetter(zone[0]):
		return s
	}
	if _, ok := values.Time(s, time.UTC); ok {
		return s
	}
	return s[:i]
}

// sessionStart adds when a session began, by the schema's form of a date if the zone is known.
func (p *postgres) sessionStart(s []byte) {
	t, ok := values.Time(s, time.UTC)
	if !ok {
		p.once(pgStart, s)
		return
	}
	start := len(p.text)
	p.text = t.AppendFormat(p.text, "2006-01-02T15:04:05.000Z")
	p.once(pgStart, p.text[start:])
}

// client adds "10.0.0.1(52834)", "10.0.0.1:52834", an address alone or "[local]".
func (p *postgres) client(s []byte) {
	address, port := s, []byte(nil)
	if host, rest, ok := bytes.Cut(s, []byte{'('}); ok {
		address, port = host, bytes.TrimSuffix(rest, []byte{')'})
	} else if a, n, ok := endpoint(s); ok && !values.IsAddress(s) {
		address, port = a, n
	}
	address = bytes.Trim(address, "[]")
	if len(address) == 0 {
		return
	}
	p.once(pgAddress, address)
	p.once(pgPort, port)
	if values.IsAddress(address) {
		p.once(addressField, address)
	}
}
