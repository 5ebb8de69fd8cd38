package parse

import (
	"bytes"
	"time"

	"gatewatch/internal/values"
)

// maxBrackets is how many texts in brackets a header may have before its message.
const maxBrackets = 6

// header is what stands before the message in the first line of a logback record. The patterns it reads:
//
//	2026-11-22 08:00:00.123 INFO  [thread] [logger] - message                    jeepay
//	2026-11-22 08:00:00.123  INFO 4711 --- [thread] logger : message             Spring Boot 1 and 2
//	2026-11-22T08:00:00.123+08:00  INFO 4711 --- [app] [thread] logger : message Spring Boot 3
//	2026-11-22 08:00:00,123 [thread] INFO  logger - message                      logback, log4j
//	[2026-11-22 08:00:00.123] [INFO] [thread] [logger]: message                  and the like
//	08:00:00.123 [thread] INFO  logger - message                                 logback without configuration
type header struct {
	time, level, pid, logger []byte
	// undated tells that time has no date.
	undated bool
	// dashes tells that there was a ---, after which Spring Boot writes application and thread.
	dashes bool
	// brackets are the count texts in brackets.
	brackets [maxBrackets][]byte
	count    int
	// message is the index of the message's first byte.
	message int

	app, thread, trace []byte
}

// read reads the header that line begins with, and tells whether there is one: a time, then a level.
func (h *header) read(line []byte) bool {
	line = bytes.TrimRight(line, "\r\n")
	i := len(line) - len(trimBOM(line))
	bracket := i < len(line) && line[i] == '['
	if bracket {
		i++
	}
	rest, ok := h.readTime(line[i:])
	if !ok {
		return false
	}
	if bracket {
		if len(rest) == 0 || rest[0] != ']' {
			return false
		}
		rest = rest[1:]
	}
	h.message = len(line) - len(rest)
	for h.token(line) {
	}
	return h.level != nil
}

func (h *header) readTime(s []byte) (rest []byte, ok bool) {
	if _, rest, ok = values.TimePrefix(s, time.UTC); !ok {
		if rest, ok = values.TimeOfDayPrefix(s); !ok {
			return nil, false
		}
		h.undated = true
	}
	h.time = s[:len(s)-len(rest)]
	return rest, true
}

// token reads one part of the header from h.message on, and tells whether another may follow.
func (h *header) token(line []byte) bool {
	i := h.message
	for i < len(line) && (line[i] == ' ' || line[i] == '\t' || line[i] == '|') {
		i++
	}
	if i == len(line) {
		h.message = i
		return false
	}
	end := i
	for end < len(line) && line[end] != ' ' && line[end] != '\t' {
		end++
	}
	switch word := line[i:end]; {
	case string(word) == "-" || string(word) == ":":
		h.message = end
		return false
	case string(word) == "---":
		h.dashes = true
	case line[i] == '[' && (h.level == nil || h.logger == nil):
		if end = h.bracket(line, i); end < 0 {
			h.message = i
			return false
		}
	case h.level == nil && isLevel(bytes.TrimRight(word, ":")):
		h.level = bytes.TrimRight(word, ":")
	case h.level != nil && h.pid == nil && values.AllDigits(word) && bytes.HasPrefix(bytes.TrimLeft(line[end:], " "), []byte("---")):
		h.pid = word
	case h.level != nil && h.logger == nil && h.isLogger(word, bytes.TrimLeft(line[end:], " ")):
		h.logger = bytes.TrimRight(word, ":")
		if len(h.logger) < len(word) {
			h.message = end
			return false
		}
	default:
		h.message = i
		return false
	}
	h.message = end
	return true
}

// bracket reads the text in brackets at i and returns the index after it, or -1 when it belongs to the message.
func (h *header) bracket(line []byte, i int) int {
	depth, end := 0, i
	for ; end < len(line); end++ {
		if line[end] == '[' {
			depth++
		} else if line[end] == ']' {
			if depth--; depth == 0 {
				break
			}
		}
	}
	if depth != 0 || h.count == maxBrackets {
		return -1
	}
	text := bytes.TrimSpace(line[i+1 : end])
	if end++; end < len(line) && line[end] == ':' {
		end++
	}
	switch {
	case h.level == nil && isLevel(text):
		h.level = text
	case len(text) > 0:
		h.brackets[h.count] = text
		h.count++
	}
	return end
}

// isLogger tells whether word, with rest after it, is the name of a logger and not the message: it ends in a colon,
// or a dash or a colon follows it.
func (h *header) isLogger(word, rest []byte) bool {
	if !isLetter(word[0]) || h.count >= 2 && !h.dashes && bytes.IndexByte(word, '.') < 0 {
		return false
	}
	for _, c := range word {
		if c >= 0x80 || c == '=' || c == ',' || c == '{' || c == '"' {
			return false
		}
	}
	if word[len(word)-1] == ':' {
		return bytes.IndexByte(word, '.') > 0
	}
	return bytes.HasPrefix(rest, []byte("- ")) || bytes.HasPrefix(rest, []byte(": ")) ||
		string(rest) == "-" || string(rest) == ":"
}

// isLevel tells whether word is a level as headers write it: a word of capitals, or of one case.
func isLevel(word []byte) bool {
	if len(word) < 4 || len(word) > 8 || values.Level(word) == nil {
		return false
	}
	for _, c := range word {
		if c-'A' > 'Z'-'A' {
			return false
		}
	}
	return true
}

// sortBrackets finds out what stands in the brackets. What it cannot tell stays in them.
func (h *header) sortBrackets() {
	all := h.brackets[:h.count]
	h.count = 0
	plain := make([][]byte, 0, maxBrackets)
	for _, b := range all {
		if id := traceID(b); id != nil && h.trace == nil {
			h.trace = id
			if len(id) < len(b) {
				h.keep(b)
			}
			continue
		}
		plain = append(plain, b)
	}
	if h.dashes && len(plain) > 1 {
		h.app, plain = plain[0], plain[1:]
	}
	if len(plain) > 0 {
		h.thread, plain = plain[0], plain[1:]
	}
	if len(plain) > 0 && h.logger == nil && bytes.IndexByte(plain[0], ' ') < 0 {
		h.logger, plain = plain[0], plain[1:]
	}
	for _, b := range plain {
		h.keep(b)
	}
}

// keep puts b back among the brackets.
func (h *header) keep(b []byte) {
	h.brackets[h.count] = b
	h.count++
}

// traceID returns the trace id in a text in brackets: an id alone, Micrometer's "trace-span", Sleuth's
// "app,trace,span", or an id behind a name ("TID:…", "traceId=…"). Nil when there is none.
func traceID(b []byte) []byte {
	if i := bytes.LastIndexAny(b, ":="); i > 0 && i < len(b)-1 {
		switch string(bytes.ToLower(bytes.TrimSpace(b[:i]))) {
		case "tid", "traceid", "trace_id", "trace-id", "trace", "requestid", "request_id", "reqid":
			if id := bytes.TrimSpace(b[i+1:]); string(id) != "N/A" {
				return id
			}
		}
		return nil
	}
	if _, rest, ok := bytes.Cut(b, []byte{','}); ok {
		if id, _, ok := bytes.Cut(rest, []byte{','}); ok && isTraceID(id) {
			return id
		}
	}
	if isTraceID(b) {
		return b
	}
	if id, span, ok := bytes.Cut(b, []byte{'-'}); ok && isTraceID(id) && isTraceID(span) {
		return id
	}
	return nil
}

// isTraceID tells whether b is 16 to 40 hexadecimal digits, with or without the dashes of a UUID.
func isTraceID(b []byte) bool {
	digits := 0
	for _, c := range b {
		if c == '-' {
			continue
		}
		if values.HexValue(c) < 0 {
			return false
		}
		digits++
	}
	dashed := digits < len(b)
	return digits >= 16 && digits <= 40 && (!dashed || len(b) == 36)
}
