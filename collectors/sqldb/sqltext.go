package sqldb

import (
	"strings"
	"unicode"
)

// maxStatement is how much of a statement stands in the agent's log, in bytes.
const maxStatement = 500

// statementShape returns a statement without the values in it: "?" stands for each string and number, comments are
// left out. quoted says whether double quotes hold text (MySQL) or names (PostgreSQL). Where it is not certain where a
// string ends, the rest is left out.
func statementShape(text string, quoted bool) string { return shapeOf(text, quoted, maxStatement) }

// shapeOf is statementShape for at most most bytes.
func shapeOf(text string, quoted bool, most int) string {
	var b strings.Builder
	for rest := text; rest != "" && b.Len() < most; {
		r := rune(rest[0])
		switch {
		case r == '\'' || r == '"' && quoted:
			b.WriteByte('?')
			rest = afterString(rest)
		case r == '"' || r == '`':
			rest = name(&b, rest)
		case strings.HasPrefix(rest, "--") || r == '#' && quoted:
			rest = after(rest, "\n")
			writeSpace(&b)
		case strings.HasPrefix(rest, "/*"):
			rest = afterComment(rest[2:])
			writeSpace(&b)
		case r == '$' && !endsInName(b.String()):
			rest = dollar(&b, rest)
		case r >= '0' && r <= '9' && !endsInName(b.String()):
			b.WriteByte('?')
			rest = strings.TrimLeftFunc(rest, func(r rune) bool { return isName(r) || r == '.' })
		case strings.ContainsRune(" \t\r\n\v\f", r):
			writeSpace(&b)
			rest = rest[1:]
		default:
			b.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	shape := strings.TrimSpace(b.String())
	return strings.ToValidUTF8(shape[:min(len(shape), most)], "")
}

// afterString returns what follows the string that rest begins with. A doubled quote begins another string, which gives
// another "?". A backslash may hide the end or not, depending on settings of the session: nothing follows then.
func afterString(rest string) string {
	end := strings.IndexByte(rest[1:], rest[0])
	if end < 0 || strings.ContainsRune(rest[1:1+end], '\\') {
		return ""
	}
	return rest[end+2:]
}

// name writes the quoted name that rest begins with as it is.
func name(b *strings.Builder, rest string) string {
	end := strings.IndexByte(rest[1:], rest[0])
	if end < 0 {
		return ""
	}
	b.WriteString(rest[:end+2])
	return rest[end+2:]
}

// afterComment returns what follows a comment. PostgreSQL's nest, MySQL's do not: nothing follows then.
func afterComment(rest string) string {
	comment, rest, _ := strings.Cut(rest, "*/")
	if strings.Contains(comment, "/*") {
		return ""
	}
	return rest
}

// dollar writes what stands for rest's beginning: a parameter such as $1 as it is, a text in $tag$ … $tag$ as "?".
func dollar(b *strings.Builder, rest string) string {
	tag := rest[1 : 1+len(rest[1:])-len(strings.TrimLeftFunc(rest[1:], isName))]
	if len(rest) > 1+len(tag) && rest[1+len(tag)] == '$' {
		b.WriteByte('?')
		return after(rest[len(tag)+2:], "$"+tag+"$")
	}
	b.WriteString("$" + tag)
	return rest[1+len(tag):]
}

// after returns what follows the first end in text; nothing when there is none.
func after(text, end string) string {
	_, rest, _ := strings.Cut(text, end)
	return rest
}

func writeSpace(b *strings.Builder) {
	if s := b.String(); s != "" && !strings.HasSuffix(s, " ") {
		b.WriteByte(' ')
	}
}

func endsInName(s string) bool {
	return s != "" && isName(rune(s[len(s)-1])) || s != "" && s[len(s)-1] >= 0x80
}

func isName(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
