package receivers

import (
	"fmt"
	"strings"
	"time"
)

// story is a notice in words, before a receiver gives it a form.
type story struct {
	headline string
	late     string // "" when on time
	chapters []chapter
	more     string // "" when nothing was left out
	page     string // address, "" for none
	runbook  string // address or path, "" for none
	sender   string
	open     string // the texts of the links
	book     string
}

// chapter is what is told about one alert.
type chapter struct {
	title   string
	when    string
	figures []figure
	what    string
	why     string
}

// extent bounds a story: how many alerts are told, and how many characters of each text.
type extent struct{ alerts, text int }

// extents are tried in this order until the message is within its receiver's limit.
var extents = [...]extent{{8, 1000}, {4, 1000}, {2, 600}, {1, 600}, {1, 250}, {1, 100}, {1, 40}}

// maxLink is the longest address that a message links to, in bytes.
const maxLink = 400

// teller tells notices in one language, with links to one page.
type teller struct {
	words *words
	page  Page
}

func newTeller(language string, p Page) teller { return teller{words: wordsFor(language), page: p} }

// within returns the longest form of n, as write makes it, that has at most limit bytes; the last form in any case.
func (t teller) within(limit int, n Notice, late time.Duration, write func(story) []byte) []byte {
	var text []byte
	for _, e := range extents {
		if text = write(newStory(n, late, t.words, t.page, time.Now(), e)); len(text) <= limit {
			break
		}
	}
	return text
}

// newStory puts n into words, within e. Times are in the zone of now.
func newStory(n Notice, late time.Duration, w *words, p Page, now time.Time, e extent) story {
	m := &message{words: w, page: p, now: now}
	first := &n.Alerts[0]
	s := story{
		headline: cut(oneLine(mark(first)+" "+w.headline(&n, first)), min(e.text, maxHeader)),
		sender:   fmt.Sprintf(w.host, cut(p.Host, e.text)), open: w.open, book: w.runbook,
	}
	if late > 0 {
		s.late = "⏱ " + fmt.Sprintf(w.late, w.duration(late), stamp(now.Add(-late), now))
	}
	if len(p.URL) <= maxLink {
		s.page = p.URL
	}
	if book := m.runbook(first); len(book) <= maxLink {
		s.runbook = oneLine(book)
	}
	for i := range min(len(n.Alerts), e.alerts) {
		s.chapters = append(s.chapters, newChapter(&n, &n.Alerts[i], m, e.text))
	}
	if more := n.More + len(n.Alerts) - len(s.chapters); more > 0 {
		s.more = fmt.Sprintf(w.more, more)
	}
	return s
}

func newChapter(n *Notice, a *Alert, m *message, limit int) chapter {
	w := m.words
	c := chapter{title: cut(oneLine(mark(a)+" "+w.headline(n, a)), min(limit, maxHeader))}
	if a.Ended.IsZero() {
		c.when = fmt.Sprintf(w.sinceFor, stamp(a.Since, m.now), w.duration(m.now.Sub(a.Since)))
	} else {
		c.when = fmt.Sprintf(w.lasted, w.duration(a.Ended.Sub(a.Since)), stamp(a.Since, m.now), stamp(a.Ended, m.now))
	}
	c.when = oneLine(m.severity(a)) + " · " + c.when
	for _, f := range m.figures(a) {
		c.figures = append(c.figures, figure{f.label, cut(oneLine(f.value), min(limit, maxHeader))})
	}
	if a.Ended.IsZero() {
		c.what = cut(strings.TrimSpace(valid(m.shownProvider(a, w.annotation(a, "description")))), limit)
		c.why = cut(w.why(a), limit)
	}
	return c
}

// figuresLine writes the figures on one line.
func (c *chapter) figuresLine(format string) string {
	parts := make([]string, len(c.figures))
	for i, f := range c.figures {
		parts[i] = fmt.Sprintf(format, f.label, f.value)
	}
	return strings.Join(parts, " · ")
}

// linked tells whether the runbook is an address.
func (s *story) linked() bool { return strings.Contains(s.runbook, "://") }

// stamp writes a time of day in the zone of now, with the date when that is another day's.
func stamp(t, now time.Time) string {
	t = t.In(now.Location())
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04 MST")
	}
	return t.Format("2006-01-02 15:04 MST")
}

func valid(s string) string { return strings.ToValidUTF8(s, "�") }

// oneLine puts white space of any kind into single spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(valid(s)), " ") }

// plain takes out of text what would be a tag, a link, a picture or a mention in the markdown of chats.
func plain(text string) string {
	return strings.NewReplacer("<", "‹", ">", "›", "](", "] (", "@", "＠", "`", "'", "\r", "").Replace(text)
}
