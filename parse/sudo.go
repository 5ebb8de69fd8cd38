package parse

import "bytes"

var (
	sudoError   = ecs("system.auth.sudo.error")
	sudoTTY     = ecs("system.auth.sudo.tty")
	sudoFolder  = ecs("system.auth.sudo.pwd")
	sudoUser    = ecs("system.auth.sudo.user")
	sudoCommand = ecs("system.auth.sudo.command")
)

// sudo reads "alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls", with why it was refused before TTY if
// it was.
func (l *fieldList) sudo(message []byte) {
	user, rest, ok := bytes.Cut(message, []byte(" : "))
	if !ok || bytes.IndexByte(user, '=') >= 0 {
		return
	}
	command := []byte(nil)
	if i := bytes.Index(rest, []byte("COMMAND=")); i >= 0 {
		rest, command = rest[:i], rest[i+len("COMMAND="):]
	}
	l.add(userField, bytes.TrimSpace(user))
	refused := false
	for part := range bytes.SplitSeq(rest, []byte(" ; ")) {
		name, value, ok := bytes.Cut(part, []byte{'='})
		switch {
		case !ok:
			if part = bytes.TrimSpace(part); len(part) > 0 && !refused {
				l.add(sudoError, part)
				refused = true
			}
		case string(name) == "TTY":
			l.once(sudoTTY, value)
		case string(name) == "PWD":
			l.once(sudoFolder, value)
		case string(name) == "USER":
			l.once(effectiveUser, value)
			l.once(sudoUser, value)
		}
	}
	l.add(sudoCommand, command)
	if refused {
		l.note(outcomeFailure)
	}
	if command != nil {
		l.note(categoryProcess, typeStart)
	}
}

// su reads what su says beside PAM: "(to root) alice on pts/0", "FAILED SU (to root) alice on pts/0", "Successful su for
// root by alice".
func (l *fieldList) su(message []byte) {
	failed := bytes.HasPrefix(message, []byte("FAILED"))
	if target, rest, ok := between(message, "(to ", ") "); ok {
		user, _, _ := bytes.Cut(rest, []byte(" on "))
		l.switched(user, target, failed)
	} else if target, user, ok := between(message, " su for ", " by "); ok {
		l.switched(user, target, failed)
	}
}

// switched adds that user became target, or did not.
func (l *fieldList) switched(user, target []byte, failed bool) {
	l.add(userField, user)
	l.add(effectiveUser, target)
	if failed {
		l.note(outcomeFailure, categoryAuth, typeInfo)
	} else {
		l.note(outcomeSuccess, categoryAuth, typeInfo)
	}
}

// cron reads "(root) CMD (/usr/bin/backup)".
func (l *fieldList) cron(message []byte) {
	user, rest, ok := between(message, "(", ") ")
	if !ok || message[0] != '(' {
		return
	}
	if command, ok := bytes.CutPrefix(rest, []byte("CMD (")); ok {
		l.add(userField, user)
		l.add(commandLine, bytes.TrimSpace(bytes.TrimSuffix(command, []byte{')'})))
		l.note(categoryProcess, typeStart)
	}
}
