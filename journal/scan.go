package journal

import "bytes"

// timePrefix begins every canonical document. The time is searched for with From and To, not as text.
const timePrefix = `{"@timestamp":"`

// timeEnd returns where the time ends that doc begins with, or 0.
func timeEnd(doc []byte) int {
	if len(doc) < len(timePrefix) || string(doc[:len(timePrefix)]) != timePrefix {
		return 0
	}
	return min(stringEnd(doc, len(timePrefix))+1, len(doc))
}

// stringEnd returns where the string ends whose inside begins at doc[i]: the place of its quote.
func stringEnd(doc []byte, i int) int {
	for {
		n := bytes.IndexByte(doc[i:], '"')
		if n < 0 {
			return len(doc)
		}
		i += n
		if i == 0 || doc[i-1] != '\\' || !escaped(doc, i) {
			return i
		}
		i++
	}
}

// escaped tells whether an odd number of backslashes stands before doc[i].
func escaped(doc []byte, i int) bool {
	n := 0
	for i > n && doc[i-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

// literalEnd returns where the number, true, false or null at doc[i] ends.
func literalEnd(doc []byte, i int) int {
	for i++; i < len(doc); i++ {
		switch doc[i] {
		case ',', '}', ']', ' ', '\t', '\n', '\r', '"':
			return i
		}
	}
	return i
}
