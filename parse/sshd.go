package parse

import (
	"bytes"

	"gatewatch/internal/values"
)

var (
	sshLogin     = ecsWord("event.action", "ssh_login")
	sshEvent     = ecs("system.auth.ssh.event")
	sshMethod    = ecs("system.auth.ssh.method")
	sshSignature = ecs("system.auth.ssh.signature")
	sshDropped   = ecs("system.auth.ssh.dropped_ip")
)

// sshd adds what the OpenSSH server says: logins that were accepted or failed, and where clients came from. User names
// are what clients sent, so that everything behind them is looked for from the end.
func (l *fieldList) sshd(message []byte) {
	event, rest, _ := bytes.Cut(message, []byte{' '})
	switch string(event) {
	case "Accepted", "Failed", "Postponed", "Partial":
		if method, who, ok := bytes.Cut(rest, []byte(" for ")); ok && bytes.IndexByte(method, ' ') < 0 {
			l.login(event, method, who)
			return
		}
	case "Invalid", "Illegal":
		if who, ok := bytes.CutPrefix(rest, []byte("user ")); ok {
			l.login(event, nil, who)
			return
		}
	case "Did":
		if _, from, ok := bytes.Cut(rest, []byte("identification string from ")); ok {
			l.from(from)
			if address, _ := word(from); values.IsAddress(address) {
				l.add(sshDropped, address)
			}
			return
		}
	case "subsystem": // "subsystem request for sftp by user root"
		if _, user, ok := bytes.Cut(rest, []byte(" by user ")); ok {
			user, _ = word(user)
			l.add(userField, user)
			return
		}
	case "error:":
		if who, ok := bytes.CutPrefix(rest, []byte("PAM: ")); ok && l.pamError(message, who) {
			return
		}
	}
	l.client(message)
}

// pamError adds what PAM had against a login: "Authentication failure for root from 10.0.0.1". In Elastic's words, what
// stands before the user is the event.
func (l *fieldList) pamError(message, what []byte) bool {
	i, from := bytes.Index(what, []byte(" for ")), bytes.LastIndex(what, []byte(" from "))
	if i < 0 || from < i {
		return false
	}
	user := what[i+len(" for ") : max(from, i+len(" for "))]
	event := message[:len(message)-len(what)+i]
	if known, ok := bytes.CutPrefix(user, []byte("illegal user ")); ok {
		user, event = known, event[:len(event)+len(" for illegal")]
	}
	l.add(userField, user)
	l.from(what[from+len(" from "):])
	l.add(sshEvent, event)
	return true
}

// login adds an attempt to log in: "root from 10.0.0.1 port 22 ssh2: RSA SHA256:…".
func (l *fieldList) login(event, method, who []byte) {
	i := bytes.LastIndex(who, []byte(" from "))
	if i < 0 {
		return
	}
	user, from := who[:i], who[i+len(" from "):]
	user = bytes.TrimPrefix(bytes.TrimPrefix(user, []byte("invalid user ")), []byte("illegal user "))
	l.add(userField, user)
	l.from(from)
	l.note(sshLogin)
	l.add(sshEvent, event)
	l.add(sshMethod, method)
	if _, signature, ok := bytes.Cut(from, []byte(" ssh2: ")); ok {
		l.add(sshSignature, signature)
	}
	switch event[0] {
	case 'A':
		l.note(outcomeSuccess, categoryLogin, typeInfo)
	case 'P': // one step of several
		l.note(categoryAuth, typeInfo)
	default:
		l.note(outcomeFailure, categoryAuth, typeInfo)
	}
}

// from adds a client's address and port: "10.0.0.1 port 22 …", or only the address.
func (l *fieldList) from(s []byte) {
	address, rest := word(s)
	l.peer(bytes.TrimRight(address, ":,"))
	if name, rest := word(rest); string(name) == "port" {
		l.port(rest)
	}
}

// port adds the port that s begins with.
func (l *fieldList) port(s []byte) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	l.add(sourcePort, s[:n])
}

// client adds the client that any other message names before " port ", and the user before that: "Connection closed by
// invalid user bob 10.0.0.1 port 22 [preauth]".
func (l *fieldList) client(message []byte) {
	i := bytes.LastIndex(message, []byte(" port "))
	if i < 0 {
		return
	}
	if rest, ok := bytes.CutPrefix(message, []byte("Connection from ")); ok {
		l.from(rest) // our own address follows
		return
	}
	before := message[:i]
	start := bytes.LastIndexByte(before, ' ') + 1
	if !values.IsAddress(before[start:]) {
		return
	}
	address, who := before[start:], bytes.TrimRight(before[:start], " ")
	who, from := bytes.CutSuffix(who, []byte(" from"))
	rest, exceeded := bytes.CutPrefix(who, []byte("error: maximum authentication attempts exceeded for "))
	switch {
	case exceeded:
		l.add(userField, bytes.TrimPrefix(rest, []byte("invalid user ")))
		l.note(sshLogin, outcomeFailure, categoryAuth, typeInfo)
	case bytes.Contains(who, []byte("user ")):
		_, user, _ := bytes.Cut(who, []byte("user "))
		l.add(userField, user)
	case !from && !bytes.HasSuffix(who, []byte(" by")) && !bytes.HasSuffix(who, []byte(" with")):
		return
	}
	l.add(addressField, address)
	l.port(message[i+len(" port "):])
}
