package parse

import "bytes"

var (
	loggedOn        = ecsWord("event.action", "logged-on")
	loggedOff       = ecsWord("event.action", "logged-off")
	authFailure     = ecsWord("event.action", "authentication_failure")
	accountLocked   = ecsWord("event.action", "account-locked")
	passwordChanged = ecsWord("event.action", "password-changed")
)

// pam reads what the modules of PAM say in the name of a program ("pam_unix(sshd:session): session opened for user
// root by (uid=0)"), and tells whether the message is from one.
func (l *fieldList) pam(message []byte) bool {
	if more, ok := bytes.CutPrefix(message, []byte("PAM ")); ok {
		if bytes.Contains(more, []byte(" more authentication failure")) {
			l.note(authFailure, outcomeFailure, categoryAuth, typeInfo)
			l.failed(more)
		}
		return true
	}
	module, said, ok := bytes.Cut(message, []byte("): "))
	if !ok || !bytes.HasPrefix(module, []byte("pam_")) {
		return false
	}
	switch {
	// Of somebody who is not there it says "User unknown", and nothing is locked.
	case bytes.HasPrefix(module, []byte("pam_faillock(")) && bytes.HasSuffix(said, []byte(" account temporarily locked")):
		l.note(accountLocked, outcomeFailure, categoryAuth, typeInfo)
		if _, user, ok := bytes.Cut(said, []byte("for user ")); ok {
			user, _ = word(user)
			l.add(userField, user)
		}
	case bytes.HasPrefix(said, []byte("session opened for user ")):
		l.session(said[len("session opened for user "):])
	case bytes.HasPrefix(said, []byte("session closed for user ")):
		user, _ := word(said[len("session closed for user "):])
		l.note(loggedOff, categorySession)
		l.add(userField, withoutID(user))
	case bytes.HasPrefix(said, []byte("authentication failure")):
		l.note(authFailure, outcomeFailure, categoryAuth, typeInfo)
		l.failed(said)
	// Of "passwd:chauthtok" the second word may be gone, because it looks like a password.
	case bytes.HasSuffix(module, []byte(":chauthtok")), bytes.Contains(module, []byte("(passwd:")):
		l.changed(said)
	default:
		if i := bytes.LastIndex(said, []byte(" by user ")); i >= 0 {
			l.add(userField, unquoted(said[i+len(" by user "):]))
		}
	}
	return true
}

// session reads "root(uid=0) by alice(uid=1000)": alice has a session as root.
func (l *fieldList) session(s []byte) {
	l.note(loggedOn, categorySession)
	user, by, ok := bytes.Cut(s, []byte(" by "))
	user = withoutID(unquoted(user))
	if !ok {
		l.add(userField, user)
		return
	}
	name, id, _ := bytes.Cut(by, []byte("(uid="))
	l.add(userField, unquoted(name))
	l.add(effectiveUser, user)
	id, _, _ = bytes.Cut(id, []byte{')'})
	l.add(userID, id)
}

// withoutID cuts "(uid=0)" from a user's name.
func withoutID(user []byte) []byte {
	name, _, _ := bytes.Cut(user, []byte("(uid="))
	return name
}

// failed reads "…; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.0.1  user=root".
func (l *fieldList) failed(said []byte) {
	_, rest, ok := bytes.Cut(said, []byte(" rhost="))
	if !ok {
		return
	}
	host, user, ok := bytes.Cut(rest, []byte(" user="))
	host, _ = word(host)
	l.peer(host)
	if ok {
		l.add(userField, bytes.TrimSpace(user))
	}
}

// changed reads "password changed for alice".
func (l *fieldList) changed(said []byte) {
	user, ok := bytes.CutPrefix(said, []byte("password changed for "))
	l.note(passwordChanged, categoryIAM, typeChange)
	if !ok {
		l.note(outcomeFailure)
		return
	}
	l.note(outcomeSuccess)
	l.add(userField, user)
	l.add(targetUser, user)
}

// checkedPassword reads "password check failed for user (root)".
func (l *fieldList) checkedPassword(message []byte) {
	user, ok := bytes.CutPrefix(message, []byte("password check failed for user "))
	if ok {
		l.note(authFailure, outcomeFailure, categoryAuth, typeInfo)
		l.add(userField, bytes.Trim(user, "()"))
	}
}
