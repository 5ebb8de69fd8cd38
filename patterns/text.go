package patterns

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"gatewatch/event"
)

// maxText bounds the text of a group: the template of the message and that of the error.
const maxText = 2 * (maxTemplate + maxWord + 8)

// maxSample bounds the text of a sample, in bytes.
const maxSample = 400

// appendText appends what the record's group is known by: the cause of its stack trace, or else its message and its
// error message, masked. Nothing when the record has none of them.
func appendText(dst []byte, ev *event.Event) []byte {
	message, reason, stack := ev.Fact(event.Message), ev.Fact(event.ErrorMessage), ev.Fact(event.ErrorStack)
	if stack == nil {
		stack = inner(message)
	}
	if cause := appendCause(dst, stack); len(cause) > len(dst) {
		return cause
	}
	dst = appendTemplate(dst, message)
	if len(reason) == 0 || bytes.Contains(message, reason) {
		return dst
	}
	if len(dst) > 0 {
		dst = append(dst, ": "...)
	}
	return appendTemplate(dst, reason)
}

// inner returns the part of a message of several lines that may be a stack trace.
func inner(message []byte) []byte {
	if bytes.IndexByte(message, '\n') < 0 {
		return nil
	}
	for _, mark := range []string{"\tat ", "    at ", "Traceback (most recent call last)", "goroutine ", "panicked at "} {
		if bytes.Contains(message, []byte(mark)) {
			return message
		}
	}
	return nil
}

// sample returns the record's words, cut and on its own memory. The record is redacted already.
func sample(ev *event.Event) string {
	text := ev.Fact(event.Message)
	if len(text) == 0 {
		text = ev.Fact(event.ErrorMessage)
	}
	if len(text) == 0 {
		text = ev.Fact(event.ErrorStack)
	}
	return strings.ToValidUTF8(string(cut(text, maxSample)), "\uFFFD")
}

// cut returns at most n bytes of text, not ending within a character.
func cut(text []byte, n int) []byte {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
