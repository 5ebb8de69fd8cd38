package parse

import (
	"bytes"

	"gatewatch/internal/values"
)

// program adds what a program of the system says in its message, and tells whether that has a time of its own.
func (l *fieldList) program(name, message []byte) (timed bool) {
	message = repeated(l, message)
	switch string(name) {
	case "sshd", "sshd-session":
		if !l.pam(message) {
			l.sshd(message)
		}
	case "sudo":
		if !l.pam(message) {
			l.sudo(message)
		}
	case "su":
		if !l.pam(message) {
			l.su(message)
		}
	case "useradd", "userdel", "usermod", "groupadd", "groupdel", "gpasswd":
		l.account(message)
	case "chfn", "chsh":
		if user, _, ok := between(message, "changed user '", "'"); ok {
			l.add(userField, user)
		}
	case "CRON", "cron", "crond", "CROND", "/usr/sbin/cron", "/USR/SBIN/CRON":
		if !l.pam(message) {
			l.cron(message)
		}
	case "haproxy":
		_, timed = l.haproxy(message)
	case "systemd-logind":
		if user, _, ok := between(message, " of user ", "."); ok {
			l.add(userField, user)
		}
	case "unix_chkpwd":
		l.checkedPassword(message)
	default:
		l.pam(message)
	}
	return timed
}

// repeated takes the message out of "message repeated 3 times: [ … ]", as rsyslog writes.
func repeated(l *fieldList, message []byte) []byte {
	rest, ok := bytes.CutPrefix(message, []byte("message repeated "))
	if !ok {
		return message
	}
	count, rest, ok := bytes.Cut(rest, []byte(" times: ["))
	if !ok || !values.AllDigits(count) {
		return message
	}
	l.add(syslogRepeated, count)
	return bytes.Trim(rest, " ]")
}

// between returns what stands between two texts in s, and what follows the second one.
func between(s []byte, before, after string) (inside, rest []byte, ok bool) {
	_, s, ok = bytes.Cut(s, []byte(before))
	if !ok {
		return nil, nil, false
	}
	return bytes.Cut(s, []byte(after))
}

// unquoted returns s without quotes around it.
func unquoted(s []byte) []byte { return bytes.Trim(s, `'"`) }

// peer adds the address of a client: an IP address, or a name.
func (l *fieldList) peer(address []byte) {
	switch {
	case values.IsAddress(address):
		l.add(addressField, address)
	case len(address) > 1 && isHostName(address):
		l.add(sourceDomain, address)
	}
}
