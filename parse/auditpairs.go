package parse

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// auditFound is what the lines of an event say that the schema has fields for. The first line that says it counts.
type auditFound struct {
	pid, parent, executable, name, command, title, folder        []byte
	user, auditUser, effective, account, terminal, address, host []byte
	result, operation                                            []byte
	args                                                         [][]byte
}

func (f *auditFound) reset() { *f = auditFound{args: f.args[:0]} }

// pairs adds the pairs of a line to the open object: key=value, key="value", key='more pairs', and key=48656C where the
// text would need quotes. Enriched logs have a separator before what they say in words. inside tells that s is the inside of
// quotes.
func (p *audit) pairs(s, kind []byte, inside bool) {
	for len(s) > 0 {
		s = s[auditSpaces(s):]
		name, rest, ok := bytes.Cut(s, []byte{'='})
		if !ok {
			p.words(s)
			return
		}
		if n := auditWordLen(name); n < len(name) { // the name is the last of several words
			i := len(name)
			for i > 0 && !isAuditSpace(name[i-1]) {
				i--
			}
			p.words(name[:i])
			name = name[i:]
		}
		if !isAuditName(name) {
			s = rest
			continue
		}
		var value []byte
		switch {
		case len(rest) > 0 && rest[0] == '"':
			value, s, _ = bytes.Cut(rest[1:], []byte{'"'})
		case len(rest) > 0 && rest[0] == '\'' && !inside:
			end := bytes.LastIndexByte(rest, '\'')
			if end == 0 {
				end = len(rest)
			}
			p.pairs(rest[1:end], kind, true)
			s = rest[min(end+1, len(rest)):]
			continue
		case string(name) == "op":
			value, s = auditWords(rest)
		default:
			end := auditWordLen(rest)
			value, s = p.decodeHex(name, kind, bytes.TrimRight(rest[:end], "'")), rest[end:]
		}
		p.pair(name, kind, value)
	}
}

// words adds words that are no pair: "avc:  denied  { read } for".
func (p *audit) words(s []byte) {
	if s = bytes.TrimSpace(s); len(s) == 0 {
		return
	}
	p.object.text(auditText, s)
	if p.found.result == nil && bytes.Contains(s, []byte("denied")) {
		p.found.result = []byte("denied")
	}
}

// auditWords cuts a value of several words, which ends before the next name.
func auditWords(s []byte) (value, rest []byte) {
	i := bytes.IndexByte(s, '=')
	if i < 0 {
		return s, nil
	}
	end := bytes.LastIndexByte(s[:i], ' ')
	if end < 0 {
		return nil, s // "op= id=1004" has none
	}
	return bytes.TrimSpace(s[:end]), s[end:]
}

func isAuditName(s []byte) bool {
	if len(s) == 0 || len(s) > maxKey || !isLetter(s[0]) {
		return false
	}
	for _, c := range s {
		if !isLetter(c) && !isDigit(c) && c != '_' && c != '-' && c != '[' && c != ']' {
			return false
		}
	}
	return true
}

// decodeHex returns the text of a value that the kernel or a program has written as hexadecimal digits.
func (p *audit) decodeHex(name, kind, value []byte) []byte {
	if !isAuditText(name, kind) || len(value)%2 != 0 || len(value) == 0 {
		return value
	}
	for _, c := range value {
		if values.HexValue(c) < 0 || c >= 'a' {
			return value
		}
	}
	start := len(p.text)
	for i := 0; i < len(value); i += 2 {
		c := byte(values.HexValue(value[i])<<4 | values.HexValue(value[i+1]))
		if c == 0 { // between the words of a command line
			c = ' '
		}
		p.text = append(p.text, c)
	}
	return validText(bytes.TrimRight(p.text[start:], " "))
}

// isAuditText tells whether the values of name are texts that a user chooses.
func isAuditText(name, kind []byte) bool {
	switch string(name) {
	case "proctitle", "comm", "exe", "name", "cwd", "cmd", "acct", "path", "dir", "grp", "key", "data", "file", "hostname", "terminal", "vm", "new-disk", "old-disk":
		return true
	}
	return string(kind) == "EXECVE" && len(name) > 1 && name[0] == 'a' && isDigit(name[1])
}

// pair adds one pair, to the object or to what is found.
func (p *audit) pair(name, kind, value []byte) {
	f := &p.found
	var to *[]byte
	switch string(name) {
	case "pid":
		to = &f.pid
	case "ppid":
		to = &f.parent
	case "exe":
		to = &f.executable
	case "comm":
		to = &f.name
	case "cmd":
		to = &f.command
	case "proctitle":
		to = &f.title
	case "cwd":
		to = &f.folder
	case "uid":
		to = &f.user
	case "auid":
		to = &f.auditUser
	case "euid":
		to = &f.effective
	case "acct":
		to = &f.account
	case "terminal", "tty":
		to = &f.terminal
	case "addr":
		to = &f.address
	case "hostname":
		to = &f.host
	case "res", "success", "result":
		to = &f.result
	case "op":
		f.operation = value
	default:
		if string(kind) == "EXECVE" && len(name) > 1 && name[0] == 'a' && values.AllDigits(name[1:]) {
			f.args = append(f.args, value)
			return
		}
	}
	switch {
	case to == nil || *to != nil:
		p.object.text(name, value)
	case len(value) > 0 && string(value) != "?" && string(value) != "(none)":
		*to = value
	}
}

// addFound adds the fields of the schema.
func (p *audit) addFound() {
	f := &p.found
	p.add(processPID, f.pid)
	p.add(auditParent, f.parent)
	p.add(processExe, f.executable)
	p.add(processName, f.name)
	p.add(auditTitle, f.title)
	p.add(auditFolder, f.folder)
	p.add(commandLine, f.command)
	p.add(userID, f.user)
	p.add(auditUserID, f.auditUser)
	p.add(auditEffective, f.effective)
	p.add(userField, f.account)
	p.add(auditTerminal, f.terminal)
	if address := f.address; values.IsAddress(address) {
		p.add(addressField, address)
	} else if isHostName(f.host) && len(f.host) > 1 {
		p.add(sourceDomain, f.host)
	}
	switch string(f.result) {
	case "yes", "success", "1":
		p.note(outcomeSuccess)
	case "no", "failed", "fail", "0", "denied":
		p.note(outcomeFailure)
	}
	if len(f.args) > 0 {
		start := len(p.text)
		p.text = append(p.text, '[')
		for _, arg := range f.args {
			p.text = append(event.AppendJSONString(p.text, arg), ',')
		}
		p.text[len(p.text)-1] = ']'
		p.add(auditArgs, p.text[start:])
	}
}

// isAuditSpace tells whether c stands between pairs.
func isAuditSpace(c byte) bool { return c == ' ' || c == ',' || c == 0x1d }

// auditSpaces returns how much of what stands between pairs s begins with.
func auditSpaces(s []byte) int {
	n := 0
	for n < len(s) && isAuditSpace(s[n]) {
		n++
	}
	return n
}

// auditWordLen returns the length of the word that s begins with.
func auditWordLen(s []byte) int {
	n := 0
	for n < len(s) && !isAuditSpace(s[n]) {
		n++
	}
	return n
}

var (
	auditText      = []byte("text")
	auditParent    = ecsNumber("process.parent.pid")
	auditTitle     = ecs("process.title")
	auditFolder    = ecs("process.working_directory")
	auditUserID    = ecs("user.audit.id")
	auditEffective = ecs("user.effective.id")
	auditTerminal  = ecs("user.terminal")
)

// auditActions are Elastic's words for what the types of records say.
var auditActions = map[string]string{
	"ADD_USER": "added-user-account", "DEL_USER": "deleted-user-account", "ADD_GROUP": "added-group-account-to",
	"DEL_GROUP": "deleted-group-account-from", "USER_AUTH": "authenticated", "USER_ACCT": "was-authorized",
	"USER_LOGIN": "logged-in", "USER_LOGOUT": "logged-out", "USER_START": "started-session", "USER_END": "ended-session",
	"CRED_ACQ": "acquired-credentials", "CRED_DISP": "disposed-credentials", "CRED_REFR": "refreshed-credentials",
	"USER_CMD": "ran-command", "USER_CHAUTHTOK": "changed-password", "USER_ERR": "error", "USER_MGMT": "modified-user-account",
	"SERVICE_START": "started-service", "SERVICE_STOP": "stopped-service", "CONFIG_CHANGE": "changed-audit-configuration",
	"LOGIN": "changed-login-id-to", "SYSTEM_BOOT": "booted-system", "SYSTEM_SHUTDOWN": "shutdown-system",
	"DAEMON_START": "started-audit", "DAEMON_END": "shutdown-audit", "ANOM_ABEND": "crashed-program",
	"ANOM_PROMISCUOUS": "changed-promiscuous-mode-on-device", "AVC": "violated-selinux-policy", "SECCOMP": "violated-seccomp-policy",
	"CRYPTO_KEY_USER": "negotiated-crypto-key", "CRYPTO_SESSION": "started-crypto-session", "SYSCALL": "executed-system-call",
	"GRP_MGMT": "modified-group-account", "GRP_CHAUTHTOK": "changed-group-password", "ROLE_ASSIGN": "assigned-user-role-to",
}

func auditActionOf(kind []byte) []byte {
	if action, ok := auditActions[string(kind)]; ok {
		return []byte(action)
	}
	return bytes.ToLower(bytes.ReplaceAll(kind, []byte{'_'}, []byte{'-'}))
}
