package main

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"gatewatch/alerting/receivers"
	"gatewatch/journal"
)

const (
	// failingHits is how many failed attempts are looked at to find different ones.
	failingHits = 50
	// failingBudget is how long looking for them may take.
	failingBudget = 300 * time.Millisecond
)

// failingLines finds failed attempts in the journal, for messages.
type failingLines struct{ journal *journal.Journal }

// Failing returns the newest attempts with the provider that failed, one of each code first.
func (f failingLines) Failing(ctx context.Context, provider string, from, to time.Time, limit int) ([]receivers.Line, error) {
	found, err := f.journal.Search(ctx, journal.Query{
		From: from, To: to, Limit: failingHits, Budget: failingBudget,
		Equal: []journal.Match{{Name: "payment.provider", Value: provider}, {Name: "event.outcome", Value: "failure"}},
	})
	if err != nil {
		return nil, err
	}
	var first, more []receivers.Line
	codes := map[string]bool{}
	for _, r := range found.Hits {
		code, text := failure(r.Document)
		line := receivers.Line{At: r.Time.Local(), Text: text}
		switch {
		case text == "":
		case codes[code]:
			more = append(more, line)
		default:
			codes[code] = true
			first = append(first, line)
		}
	}
	all := append(first, more...)
	all = all[:min(limit, len(all))]
	slices.SortFunc(all, func(a, b receivers.Line) int { return a.At.Compare(b.At) })
	return all, nil
}

// failure says in a line what a record of a failed attempt tells.
func failure(document []byte) (code, text string) {
	var d struct {
		Message string  `json:"message"`
		Error   string  `json:"error.message"`
		Code    string  `json:"payment.code"`
		Outcome string  `json:"payment.outcome"`
		Path    string  `json:"url.path"`
		Order   string  `json:"payment.order_id"`
		Took    float64 `json:"event.duration"` // ns
	}
	if json.Unmarshal(document, &d) != nil {
		return "", ""
	}
	code = cmp.Or(d.Code, d.Outcome)
	parts := []string{code, d.Path}
	if d.Took > 0 {
		parts = append(parts, time.Duration(d.Took).Round(time.Millisecond).String())
	}
	if d.Order != "" {
		parts = append(parts, "order "+d.Order)
	}
	parts = append(parts, cmp.Or(d.Error, d.Message))
	return code, strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}
