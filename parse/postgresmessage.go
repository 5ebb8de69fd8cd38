package parse

import "bytes"

var (
	pgStep = ecs("postgresql.log.query_step")
	pgName = ecs("postgresql.log.query_name")
)

// message adds a message. Of "duration: 37.118 ms  execute S_1: SELECT …" and "statement: SELECT …" the statement is the
// message.
func (p *postgres) message(s []byte) {
	rest := s
	if after, ok := bytes.CutPrefix(s, []byte("duration: ")); ok {
		if spent, after, ok := bytes.Cut(after, []byte(" ms")); ok && isNumber(spent) {
			p.millis(durationField, spent)
			rest = bytes.TrimLeft(after, " ")
		}
	}
	for _, step := range pgSteps {
		if after, ok := bytes.CutPrefix(rest, step); ok {
			name, statement, ok := bytes.Cut(after, []byte(": "))
			if !ok || len(name) > 0 && (name[0] != ' ' || len(name) > maxKey) {
				break
			}
			p.add(pgStep, step)
			p.add(pgName, bytes.TrimSpace(name))
			s = statement
			break
		}
	}
	p.once(messageField, s)
}

var pgSteps = [][]byte{[]byte("statement"), []byte("execute"), []byte("bind"), []byte("parse")}
