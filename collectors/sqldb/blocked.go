package sqldb

import (
	"log/slog"

	"gatewatch/collectors/collect"
)

// The bounds of telling who blocks whom in the log.
const (
	maxBlockedLogged    = 10 // pairs of sessions, in one collection
	blockedLogThreshold = 5  // seconds that a session waits before the log tells of it
)

// blockedNotes writes to the log who blocks whom.
type blockedNotes struct {
	log *slog.Logger
	// quoted is whether double quotes hold text in statements.
	quoted bool
	// told are the pairs of sessions that stand in the log and are still there.
	told map[[2]string]bool
}

// note writes pairs that are new to the log, with the shape of their statements: values in them may be anything.
func (b *blockedNotes) note(pairs rowset) {
	still, logged := map[[2]string]bool{}, 0
	for _, row := range pairs.rows {
		pair := [2]string{pairs.cell(row, "pid"), pairs.cell(row, "blocking_pid")}
		if b.told[pair] {
			still[pair] = true
			continue
		}
		seconds, ok := collect.ParseNumber(pairs.cell(row, "seconds"))
		if !ok || seconds < blockedLogThreshold || logged == maxBlockedLogged {
			continue
		}
		still[pair] = true
		logged++
		b.log.Warn("session is blocked", "pid", pair[0], "blocking_pid", pair[1], "seconds", int(seconds),
			"user", pairs.cell(row, "usename"), "application", pairs.cell(row, "application_name"),
			"blocking_user", pairs.cell(row, "blocking_usename"),
			"blocking_application", pairs.cell(row, "blocking_application_name"),
			"query", statementShape(pairs.cell(row, "query"), b.quoted),
			"blocking_query", statementShape(pairs.cell(row, "blocking_query"), b.quoted))
	}
	b.told = still
}
