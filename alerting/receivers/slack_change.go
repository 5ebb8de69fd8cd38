package receivers

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// maxChanges is the most alerts that a word in the thread names.
const maxChanges = 10

// change says what is new in n, a line for each alert that began or ended since before was told.
func (s *Slack) change(before, n *Notice) string {
	m := &message{words: s.words, page: s.page, now: time.Now()}
	ended := map[string]time.Time{}
	for i := range before.Alerts {
		ended[Key(before.Alerts[i].Labels)] = before.Alerts[i].Ended
	}
	var lines []string
	for i := range n.Alerts {
		a := &n.Alerts[i]
		if at, known := ended[Key(a.Labels)]; !known || !at.Equal(a.Ended) {
			lines = append(lines, m.line(n, a, ""))
		}
	}
	switch {
	case len(lines) > 0:
	case n.Resolved():
		for i := range n.Alerts {
			lines = append(lines, m.line(n, &n.Alerts[i], ""))
		}
	default:
		lines = []string{m.line(n, &n.Alerts[0], s.words.still)}
	}
	text, shown := "", 0
	for ; shown < min(len(lines), maxChanges) && utf8.RuneCountInString(text+lines[shown]) < maxText-maxHeader; shown++ {
		text += lines[shown] + "\n"
	}
	if more := len(lines) - shown; more > 0 {
		text += fmt.Sprintf(s.words.more, more)
	}
	return strings.TrimSpace(text)
}

// line tells of one alert: what, since when or how long, and what it cost.
func (m *message) line(n *Notice, a *Alert, before string) string {
	headline := fit(m.words.headline(n, a), maxHeader)
	return mark(a) + " " + before + "*" + headline + "* · " + escape(m.severity(a)) + m.times(a, false) + m.lost(a, " · ")
}
