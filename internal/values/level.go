package values

import "bytes"

// severities are the words that logs use for each level, in lower case. A level beside them is not normalised and
// stays a field.
var severities = []struct {
	level string
	words []string
}{
	{"trace", []string{"trace", "trc", "trce", "finest", "finer", "silly", "verbose", "t", "v", "10"}},
	{"debug", []string{"debug", "dbg", "dbug", "fine", "config", "d", "7", "20"}},
	{"info", []string{"info", "information", "informational", "inf", "notice", "note", "log", "http", "success", "audit", "i", "5", "6", "30"}},
	{"warn", []string{"warn", "warning", "wrn", "w", "4", "40"}},
	{"error", []string{"error", "err", "eror", "severe", "failure", "fail", "e", "3", "50"}},
	{"fatal", []string{"fatal", "ftl", "critical", "crit", "alert", "emerg", "emergency", "panic", "dpanic", "f", "0", "1", "2", "60"}},
}

// severityTable is severities by word.
var severityTable = func() map[string][]byte {
	table := map[string][]byte{}
	for _, s := range severities {
		for _, word := range s.words {
			table[word] = []byte(s.level)
		}
	}
	return table
}()

// Level returns the level ("trace", "debug", "info", "warn", "error", "fatal") that a word or a number stands for,
// or nil: words of all usual loggers and of syslog, bunyan's and pino's numbers 10 to 60, syslog's 0 to 7. slog's
// distances ("INFO+2") do not count.
func Level(word []byte) []byte {
	// Most logs write it as it is wanted.
	switch string(word) {
	case "info", "warn", "error", "debug":
		return word
	}
	var plain []byte
	word = bytes.TrimSpace(Uncoloured(word, &plain))
	if len(word) > 2 {
		if i := bytes.IndexAny(word, "+-"); i > 0 {
			word = word[:i]
		}
	}
	var lower [16]byte
	if len(word) > len(lower) {
		return nil
	}
	for i, c := range word {
		if c-'A' <= 'Z'-'A' {
			c |= 0x20
		}
		lower[i] = c
	}
	return severityTable[string(lower[:len(word)])]
}
