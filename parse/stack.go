package parse

import "bytes"

// stackStart returns the index in a message of several lines at which a Java stack trace begins: at the exception
// before its first "at" line. -1 when there is none.
func stackStart(message []byte) int {
	exception := -1
	for at := 0; ; {
		n := bytes.IndexByte(message[at:], '\n')
		if n < 0 {
			return -1
		}
		at += n + 1
		line, _, _ := bytes.Cut(message[at:], []byte{'\n'})
		switch trimmed := bytes.TrimLeft(line, " \t"); {
		case len(trimmed) < len(line) && bytes.HasPrefix(trimmed, []byte("at ")) && bytes.IndexByte(trimmed, '(') > 0:
			if exception >= 0 {
				return exception
			}
			return at
		case isException(line):
			exception = at
		}
	}
}

// isException tells whether line is the first of a stack trace: the name of a class, then its message.
func isException(line []byte) bool {
	class, _, _ := bytes.Cut(bytes.TrimRight(line, "\r"), []byte(": "))
	class = bytes.TrimPrefix(class, []byte("Caused by"))
	if len(class) == 0 || len(class) > 256 || !isLetter(class[0]) || bytes.IndexByte(class, '.') < 0 {
		return false
	}
	for _, c := range class {
		if !isLetter(c) && !isDigit(c) && c != '.' && c != '$' && c != '_' {
			return false
		}
	}
	return true
}

// exceptionText returns the message of the exception that a stack trace begins with, or its class when it has none.
func exceptionText(stack []byte) []byte {
	if stack[0] == ' ' || stack[0] == '\t' {
		return nil
	}
	i := bytes.Index(stack, []byte("\n\t"))
	if j := bytes.Index(stack, []byte("\n    at ")); j >= 0 && (i < 0 || j < i) {
		i = j
	}
	if i < 0 {
		return nil
	}
	class, text, ok := bytes.Cut(stack[:i], []byte(": "))
	if !ok || bytes.IndexByte(class, '\n') >= 0 {
		text = class
	}
	return bytes.TrimSpace(text)
}
