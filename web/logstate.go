package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// logState is the whole state of the log page, as it stands in its link.
type logState struct {
	// Text is what was typed, in the syntax of parseSearch.
	Text                     string
	Level, Provider, Outcome string
	// Range is the name of one of logRanges; it holds unless From or To is set.
	Range    string
	From, To time.Time
	// Before is the page's end when paging to older records: the Unix milliseconds of the last record shown, and Skip
	// is the number of records of that very millisecond that were shown already. Zero is the newest page.
	Before int64
	Skip   int
}

// logRange is a choice of how far back to search; a zero Span does not bound.
type logRange struct {
	Name string
	Span time.Duration
}

var logRanges = []logRange{
	{"15m", 15 * time.Minute}, {"1h", time.Hour}, {"6h", 6 * time.Hour}, {"24h", 24 * time.Hour},
	{"7d", 7 * 24 * time.Hour}, {"all", 0},
}

const defaultLogRange = "1h"

// localTime is how a browser writes a date and time input.
const localTime = "2006-01-02T15:04:05"

// maxSkip bounds Skip, which a link could set to anything.
const maxSkip = 5000

// parseLogState reads the state from a link. Whatever does not parse is as if it were not there.
func parseLogState(v url.Values, loc *time.Location) logState {
	s := logState{
		Text:  strings.TrimSpace(strings.ToValidUTF8(cutText(v.Get("q"), maxSearchText), "\uFFFD")),
		Level: valid(v.Get("level")), Provider: valid(v.Get("provider")), Outcome: valid(v.Get("outcome")),
		Range: defaultLogRange,
		From:  parseLocal(v.Get("from"), loc), To: parseLocal(v.Get("to"), loc),
	}
	for _, r := range logRanges {
		if r.Name == v.Get("range") {
			s.Range = r.Name
		}
	}
	if !s.From.IsZero() || !s.To.IsZero() {
		s.Range = ""
	}
	if n, err := strconv.ParseInt(v.Get("before"), 10, 64); err == nil && n > 0 && n < 1<<53 {
		s.Before = n
		if skip, err := strconv.Atoi(v.Get("skip")); err == nil {
			s.Skip = min(max(skip, 0), maxSkip)
		}
	}
	return s
}

// Values is the state as it stands in a link; parseLogState reads it back.
func (s logState) Values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("q", s.Text)
	set("level", s.Level)
	set("provider", s.Provider)
	set("outcome", s.Outcome)
	if s.Range != defaultLogRange {
		set("range", s.Range)
	}
	set("from", formatLocal(s.From))
	set("to", formatLocal(s.To))
	if s.Before > 0 {
		set("before", strconv.FormatInt(s.Before, 10))
		if s.Skip > 0 {
			set("skip", itoa(s.Skip))
		}
	}
	return v
}

// Link is the address of the log page in this state.
func (s logState) Link() string { return linkTo("/logs", s.Values()) }

// newest is the same search from its newest record.
func (s logState) newest() logState {
	s.Before, s.Skip = 0, 0
	return s
}

// older is the page that follows the hits, of which none is before end.
func (s logState) older(end time.Time, hits []Hit) logState {
	last := end.UnixMilli()
	same := 0
	for _, h := range hits {
		if h.Time.UnixMilli() == last {
			same++
		}
	}
	if s.Before == last {
		same += s.Skip
	}
	s.Before, s.Skip = last, min(same, maxSkip)
	return s
}

// with adds the condition name=value to the search.
func (s logState) with(name, value string) logState {
	s = s.newest()
	switch name {
	case "log.level":
		s.Level = value
	case "payment.provider":
		s.Provider = value
	case outcomeField:
		s.Outcome = value
	default:
		s.Text = strings.TrimSpace(s.Text + " " + term(name, value))
	}
	return s
}

// live tells whether new records belong to the page.
func (s logState) live() bool { return s.Before == 0 && s.To.IsZero() }

// query is what the journal is asked for, with limit hits beyond those to skip.
func (s logState) query(now time.Time, limit int) LogQuery {
	q := LogQuery{From: s.From, To: s.To, Limit: limit + s.Skip, Budget: searchBudget}
	for _, r := range logRanges {
		if r.Name == s.Range && r.Span > 0 {
			q.From = now.Add(-r.Span)
		}
	}
	if s.Before > 0 {
		q.To = time.UnixMilli(s.Before + 1)
	}
	q.Equal, q.Words = parseSearch(s.Text)
	for _, m := range []Match{{"log.level", s.Level}, {"payment.provider", s.Provider}, {outcomeField, s.Outcome}} {
		if m.Value != "" {
			q.Equal = append(q.Equal, m)
		}
	}
	return q
}

func valid(s string) string {
	return strings.ToValidUTF8(cutText(s, 100), "\uFFFD")
}

func parseLocal(s string, loc *time.Location) time.Time {
	for _, layout := range []string{localTime, "2006-01-02T15:04", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil && t.Year() >= 1970 && t.Year() < 10000 {
			return t.In(loc)
		}
	}
	return time.Time{}
}

func formatLocal(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(localTime)
}

// linkTo is path with the values, if there are any.
func linkTo(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}
