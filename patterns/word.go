package patterns

import "bytes"

// isValue tells whether the word at begin is the value of a key: user=root, code="51".
func (m *masker) isValue(begin int) bool {
	if begin > 0 && (m.text[begin-1] == '"' || m.text[begin-1] == '\'') {
		begin--
	}
	return begin > 1 && m.text[begin-1] == '=' && classes[m.text[begin-2]]&(isLetter|isDigit|isInner) != 0
}

// causes are the keys whose values say what is wrong, written without _ and in lower case.
var causes = map[string]bool{
	"code": true, "subcode": true, "errcode": true, "errorcode": true, "retcode": true, "returncode": true, "resultcode": true,
	"respcode": true, "declinecode": true, "status": true, "state": true, "result": true, "reason": true, "cause": true, "error": true, "err": true,
	"msg": true, "message": true, "errmsg": true, "errormsg": true, "exception": true, "type": true, "kind": true, "class": true,
}

// maxCode is the longest value that can be a code and no id.
const maxCode = 6

// value masks the value of a key, unless the key says that it is the cause of an error: words and short codes stay then.
func (m *masker) value(w []byte, seen uint8) {
	if (seen&isDigit == 0 && len(w) <= maxWord || len(w) <= maxCode) && isCause(m.before) {
		m.keep(w)
		return
	}
	if q := m.text[m.at-len(w)-1]; q == '"' || q == '\'' {
		if n := bytes.IndexByte(m.text[m.at:], q); n >= 0 {
			m.at += n
		}
	}
	m.mask()
	m.port()
}

// maxKey is the longest key that can be one of causes.
const maxKey = 32

// isCause tells whether a key is one of causes, or ends like channelErrCode.
func isCause(key []byte) bool {
	var buf [maxKey]byte
	n := 0
	for _, c := range key {
		if c == '_' || c == '-' {
			continue
		}
		if n == len(buf) {
			return false
		}
		if classes[c]&isUpper != 0 {
			c += 'a' - 'A'
		}
		buf[n] = c
		n++
	}
	name := buf[:n]
	return causes[string(name)] || bytes.HasSuffix(name, []byte("errcode")) || bytes.HasSuffix(name, []byte("errmsg")) ||
		bytes.HasSuffix(name, []byte("errorcode")) || bytes.HasSuffix(name, []byte("errormsg"))
}

// port takes the port after an address: it belongs to it.
func (m *masker) port() {
	i := m.at
	if i >= len(m.text) || m.text[i] != ':' {
		return
	}
	digits := i + 1
	for digits < len(m.text) && classes[m.text[digits]] == isDigit {
		digits++
	}
	if digits > i+1 && (digits == len(m.text) || classes[m.text[digits]]&inWord == 0) {
		m.at = digits
	}
}

// isPath tells paths and addresses from words such as read/write.
func isPath(w []byte, slashes, dots int) bool {
	return slashes > 1 || dots > 1 || len(w) > 1 && (w[0] == '/' || w[0] == '\\' || w[0] == '.')
}

// path masks a path with the query that belongs to it.
func (m *masker) path() {
	for m.at+1 < len(m.text) {
		c, next := m.text[m.at], m.text[m.at+1]
		if classes[c]&inWord == 0 && (c != '?' && c != '&' && c != '=' && c != ':' || classes[next]&inWord == 0 && next != '&') {
			break
		}
		m.at++
	}
	if m.at+1 == len(m.text) && classes[m.text[m.at]]&inWord != 0 {
		m.at++
	}
	m.mask()
}

// isHost tells the name of a host or package (pay.example.com) from that of a class (java.net.SocketException), which
// says what is wrong, and from the end of a sentence.
func (m *masker) isHost(w []byte, dots int) bool {
	last := bytes.LastIndexByte(w, '.')
	if last == len(w)-1 || w[0] == '.' {
		return false
	}
	port := m.at+1 < len(m.text) && m.text[m.at] == ':' && classes[m.text[m.at+1]] == isDigit
	return (dots > 1 || port) && classes[w[last+1]]&isUpper == 0
}

// isName tells the name of somebody: the word after user, unless that is a word of a sentence.
func (m *masker) isName(w []byte) bool {
	switch string(m.before) {
	case "user", "User", "username":
		return !plainWords[string(w)]
	case "for":
		return bytes.HasPrefix(m.text[m.at:], []byte(" from "))
	}
	return false
}

// plainWords follow the word user in sentences.
var plainWords = map[string]bool{
	"unknown": true, "not": true, "is": true, "has": true, "was": true, "does": true, "did": true, "name": true, "id": true,
	"with": true, "from": true, "for": true, "by": true, "in": true, "on": true, "to": true, "and": true, "or": true,
	"cannot": true, "must": true, "agent": true, "input": true, "error": true, "account": true, "already": true,
}

var dateWords = map[string]bool{
	"Mon": true, "Tue": true, "Wed": true, "Thu": true, "Fri": true, "Sat": true, "Sun": true,
	"Jan": true, "Feb": true, "Mar": true, "Apr": true, "May": true, "Jun": true, "Jul": true, "Aug": true, "Sep": true,
	"Oct": true, "Nov": true, "Dec": true,
}

// isDate tells the names of days and months in a date: the next word is one too, or a number.
func (m *masker) isDate(w []byte) bool {
	if len(w) != 3 || !dateWords[string(w)] {
		return false
	}
	rest := bytes.TrimLeft(m.text[m.at:], " ,")
	return len(rest) > 0 && (classes[rest[0]] == isDigit || len(rest) > 3 && dateWords[string(rest[:3])])
}

// isEmpty tells whether a pair of brackets stands for a value that is missing.
func (m *masker) isEmpty() bool {
	return m.at > 0 && m.text[m.at-1] == ' ' && m.at+1 < len(m.text) && m.text[m.at+1] == ')'
}

// isUnit tells the unit after a number.
func (m *masker) isUnit(w []byte) bool {
	if len(w) > 3 || !bytes.HasSuffix(m.out, []byte(star+" ")) {
		return false
	}
	switch string(w) {
	case "B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", "ns", "us", "ms", "s", "sec", "min", "h":
		return true
	}
	return false
}

// isHex tells a group of letters in a MAC or IPv6 address: a group with a digit stands beside it.
func (m *masker) isHex(w []byte) bool {
	if len(w) > 4 || len(w) < 2 {
		return false
	}
	for _, c := range w {
		if (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	next := m.text[m.at:]
	return bytes.HasSuffix(m.out, []byte(star+":")) || len(next) > 2 && next[0] == ':' && isHexDigit(next[1]) && isHexDigit(next[2])
}

func isHexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
