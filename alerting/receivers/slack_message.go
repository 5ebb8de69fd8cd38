package receivers

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// Slack's limits, in characters, and ours within them.
const (
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000
	maxText    = 3000
	// maxShown is the most alerts that get blocks of their own: six each and the rest stay under Slack's 50 for a message.
	maxShown = 7
	maxFact  = 120
	maxWhy   = 600
	// maxLine is how much of a line of a log is shown.
	maxLine = 200
	// maxLinks is the most characters of the links at the end.
	maxLinks = 1800
	// maxSeverity is the longest name of a severity.
	maxSeverity = 40
	// maxTotal is from where no more alerts are shown: one more and the end stay under Slack's 13,000 characters.
	maxTotal = 5_000
)

// Page is where links in messages lead.
type Page struct {
	// URL of the agent's own page, RunbookURL of the folder with runbooks; empty for no link.
	URL, RunbookURL string
	// Host is the name of the agent's host.
	Host string
	// Links are more links.
	Links []Link
}

// message is a Notice in the form that Slack shows.
type message struct {
	words  *words
	page   Page
	now    time.Time
	blocks []slack.Block
	text   string
	total  int
	// evidence is where a chart comes, foot where buttons come: indexes into blocks.
	evidence, foot int
	// broadcast shows a reply in the channel, too.
	broadcast bool
}

// newMessage writes n for Slack. Whatever n holds, the result is within Slack's limits.
func newMessage(n Notice, late time.Duration, w *words, p Page, now time.Time) *message {
	m := &message{words: w, page: p, now: now}
	first := &n.Alerts[0]
	headline := mark(first) + " " + w.headline(&n, first)
	m.header(headline)
	var fallback strings.Builder
	fallback.WriteString(headline + " · " + m.severity(first) + m.times(first, true) + m.lost(first, " · "))
	if late > 0 {
		line := fmt.Sprintf(w.late, w.duration(late), clock(now.Add(-late), false))
		m.context("⏱ " + line)
		fallback.WriteString(" · " + fmt.Sprintf(w.late, w.duration(late), clock(now.Add(-late), true)))
	}
	shown := 0
	for i := range n.Alerts {
		if shown == maxShown || m.total > maxTotal {
			break
		}
		if i > 0 {
			m.blocks = append(m.blocks, slack.NewDividerBlock())
			m.section("*"+fit(mark(&n.Alerts[i])+" "+w.headline(&n, &n.Alerts[i]), maxHeader)+"*", maxHeader)
		}
		m.alert(&n.Alerts[i])
		if i == 0 {
			m.handling(n.Handling)
			m.merchants(&n)
		}
		shown++
	}
	if more := n.More + len(n.Alerts) - shown; more > 0 {
		m.context(fmt.Sprintf(w.more, more))
		fallback.WriteString(" " + fmt.Sprintf(w.more, more))
	}
	m.evidence = len(m.blocks)
	if first.Ended.IsZero() {
		m.lines(n.Lines)
	}
	m.foot = len(m.blocks)
	m.footer(first)
	m.text = fit(fallback.String(), maxText)
	return m
}

func mark(a *Alert) string {
	switch {
	case !a.Ended.IsZero():
		return "🟢"
	case SeverityRank(a.Severity) == 0:
		return "🔴"
	case SeverityRank(a.Severity) == 1:
		return "🟠"
	}
	return "🔵"
}

// alert adds the blocks of one alert: when, figures, what happens, and why it is whose fault.
func (m *message) alert(a *Alert) {
	m.context(escape(m.severity(a)) + m.times(a, false))
	var fields []*slack.TextBlockObject
	for _, f := range m.figures(a) {
		text := fit(f.label, maxFact)
		fields = append(fields, m.markdown("*"+text+"*\n"+fit(f.value, maxFact)))
	}
	if len(fields) > 0 {
		m.blocks = append(m.blocks, slack.NewSectionBlock(nil, fields, nil))
	}
	if !a.Ended.IsZero() {
		return
	}
	if what := m.words.annotation(a, "description"); what != "" {
		m.section(fit(m.shownProvider(a, what), maxSection/2), maxSection/2)
	}
	m.section(fit(m.words.why(a), maxWhy), maxWhy)
}

// merchants says whose payments fail.
func (m *message) merchants(n *Notice) {
	if text := m.words.concerned(n); text != "" {
		m.context(fit(text, maxWhy))
	}
}

// times says since when, or how long.
func (m *message) times(a *Alert, plain bool) string {
	if a.Ended.IsZero() {
		return " · " + fmt.Sprintf(m.words.sinceFor, clock(a.Since, plain), m.words.duration(m.now.Sub(a.Since)))
	}
	return " · " + fmt.Sprintf(m.words.lasted, m.words.duration(a.Ended.Sub(a.Since)), clock(a.Since, plain), clock(a.Ended, plain))
}

func (m *message) severity(a *Alert) string {
	return cmp.Or(m.words.severities[a.Severity], cut(a.Severity, maxSeverity))
}

func (m *message) shownProvider(a *Alert, text string) string {
	return m.words.naming(text, a.Labels["provider"])
}

func (m *message) lost(a *Alert, before string) string {
	if a.Lost == nil {
		return ""
	}
	return before + m.words.lostLabel + ": " + fmt.Sprintf(m.words.about, count(*a.Lost))
}

type figure struct{ label, value string }

// figures are what the alert's annotations say in numbers. Of an alert that is over only its cost is left.
func (m *message) figures(a *Alert) []figure {
	var all []figure
	if a.Lost != nil {
		all = append(all, figure{m.words.lostLabel, fmt.Sprintf(m.words.about, count(*a.Lost))})
	}
	if !a.Ended.IsZero() {
		return all
	}
	for _, name := range facts {
		value := m.words.annotation(a, name)
		if value == "" {
			continue
		}
		if expected := m.words.annotation(a, "expected"); name == "success" && expected != "" {
			value = fmt.Sprintf(m.words.expected, value, expected)
		}
		all = append(all, figure{m.words.factLabels[name], value})
	}
	return all
}

func (m *message) header(text string) {
	// A header is plain text: Slack gives < and > no meaning there, but some clients do.
	text = cut(strings.NewReplacer("<", "‹", ">", "›", "\n", " ").Replace(text), maxHeader)
	m.total += utf8.RuneCountInString(text)
	m.blocks = append(m.blocks, slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, text, true, false)))
}

// section adds text that is escaped already.
func (m *message) section(text string, limit int) {
	if text != "" {
		m.blocks = append(m.blocks, slack.NewSectionBlock(m.markdown(cut(text, limit+2)), nil, nil))
	}
}

// context adds a line in small print, escaped already.
func (m *message) context(text string) {
	m.blocks = append(m.blocks, slack.NewContextBlock("", m.markdown(cut(text, maxField))))
}

func (m *message) markdown(text string) *slack.TextBlockObject {
	m.total += utf8.RuneCountInString(text)
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
}
