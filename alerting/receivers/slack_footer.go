package receivers

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// linkLead is how long before an incident the time of links begins.
const linkLead = 30 * time.Minute

// call mentions people below the headline.
func (m *message) call(who []string) {
	if len(who) == 0 {
		return
	}
	text := strings.Join(who, " ")
	m.blocks = slices.Insert(m.blocks, 1, slack.Block(slack.NewSectionBlock(m.markdown(text), nil, nil)))
	m.text += " " + text
}

// lines shows lines of the log.
func (m *message) lines(all []Line) {
	var b strings.Builder
	for _, l := range all[:min(len(all), MaxLines)] {
		text := strings.NewReplacer("\n", " ", "\r", " ", "```", "'''").Replace(l.Text)
		b.WriteString("\n" + l.At.Format(time.TimeOnly) + " " + fit(text, maxLine))
	}
	if b.Len() > 0 {
		m.section("```"+b.String()+"\n```", maxSection)
	}
}

// footer links to the page, to what is configured and to the runbook.
func (m *message) footer(a *Alert) {
	var parts []string
	if m.page.URL != "" {
		parts = append(parts, link(m.page.URL, m.words.open))
	}
	for i := range m.page.Links {
		l := &m.page.Links[i]
		parts = append(parts, link(l.address(a, m.page.Host, m.now), cut(l.Name, maxSeverity)))
	}
	if book := m.runbook(a); strings.Contains(book, "://") {
		parts = append(parts, link(book, m.words.runbook))
	} else if book != "" {
		parts = append(parts, m.words.runbook+": "+fit(book, maxHeader))
	}
	if m.page.Host != "" {
		parts = append(parts, fmt.Sprintf(m.words.host, fit(m.page.Host, maxHeader)))
	}
	text := ""
	for _, part := range parts {
		if utf8.RuneCountInString(text+part) > maxLinks {
			continue // half a link would be none
		}
		if text != "" {
			text += " · "
		}
		text += part
	}
	if text != "" {
		m.context(text)
	}
}

// address puts what is known of the alert into the link.
func (l *Link) address(a *Alert, host string, now time.Time) string {
	from, to := a.Since.Add(-linkLead), now
	if !a.Ended.IsZero() {
		to = a.Ended
	}
	values := [...]string{
		a.Name, a.Labels["provider"], a.Severity, host, from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339),
		strconv.FormatInt(from.UnixMilli(), 10), strconv.FormatInt(to.UnixMilli(), 10),
	}
	var pairs []string
	for i, name := range placeholders {
		pairs = append(pairs, name, url.QueryEscape(values[i]))
	}
	return strings.NewReplacer(pairs...).Replace(l.URL)
}

// runbook returns the address of the alert's runbook in the message's language, or its path when the address of the
// runbooks is unknown. Shipped rules have a path, others may have an address.
func (m *message) runbook(a *Alert) string {
	book := strings.TrimSpace(a.Annotations["runbook_url"])
	if book == "" || strings.Contains(book, "://") {
		return book
	}
	if m.words.suffix != "" {
		ext := path.Ext(book)
		book = strings.TrimSuffix(book, ext) + strings.ReplaceAll(m.words.suffix, "_", ".") + ext
	}
	if m.page.RunbookURL != "" {
		return strings.TrimSuffix(m.page.RunbookURL, "/") + "/" + path.Base(book)
	}
	return book
}
