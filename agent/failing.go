package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatewatch/alerting/receivers"
	"gatewatch/journal"
)

const (
	// failingHits is how many failed attempts of a class are looked at to find different ones.
	failingHits = 20
	// failingBudget is how long looking for them may take.
	failingBudget = 100 * time.Millisecond
)

// failingClasses are what failed attempts are looked for by, what explains an incident best first.
var failingClasses = [...]journal.Match{
	{Name: "payment.outcome", Value: "provider_down"}, {Name: "payment.outcome", Value: "unknown_outcome"},
	{Name: "payment.outcome", Value: "merchant_config"}, {Name: "payment.outcome", Value: "throttled"},
	{Name: "event.outcome", Value: "failure"},
}

// failingLines finds failed attempts in the journal, for messages.
type failingLines struct{ journal *journal.Journal }

// Failing returns the newest attempts with the provider that failed, one of each code, technical failures first.
func (f failingLines) Failing(ctx context.Context, provider string, from, to time.Time, limit int) ([]receivers.Line, error) {
	var lines []receivers.Line
	codes := map[string]bool{}
	for _, class := range failingClasses {
		if len(lines) > 0 && class.Name == "event.outcome" {
			break // customers without money explain nothing
		}
		found, err := f.journal.Search(ctx, journal.Query{
			From: from, To: to, Limit: failingHits, Budget: failingBudget,
			Equal: []journal.Match{{Name: "payment.provider", Value: provider}, class},
		})
		if err != nil {
			return lines, err
		}
		for _, r := range found.Hits {
			code, text := failure(r.Document)
			if text != "" && !codes[code] && len(lines) < limit {
				codes[code] = true
				lines = append(lines, receivers.Line{At: r.Time.Local(), Text: text})
			}
		}
	}
	slices.SortFunc(lines, func(a, b receivers.Line) int { return a.At.Compare(b.At) })
	return lines, nil
}

// failure says in a line what a record of a failed attempt tells.
func failure(document []byte) (code, text string) {
	var d struct {
		Message string  `json:"message"`
		Error   string  `json:"error.message"`
		Code    string  `json:"payment.code"`
		Outcome string  `json:"payment.outcome"`
		Path    string  `json:"url.path"`
		URL     string  `json:"url.original"`
		Took    float64 `json:"event.duration"` // ns
	}
	if json.Unmarshal(document, &d) != nil {
		return "", ""
	}
	code = cmp.Or(d.Code, d.Outcome)
	if d.Path == "" {
		d.Path = pathOf(d.URL)
	}
	parts := []string{code, d.Path}
	if d.Took > 0 {
		parts = append(parts, time.Duration(d.Took).Round(time.Millisecond).String())
	}
	parts = append(parts, cmp.Or(d.Error, d.Message))
	return code, strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// pathOf returns the path of a URL, whole or as a request line has it. The rest may hold what concerns nobody.
func pathOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.EscapedPath()
	}
	if path, _, _ := strings.Cut(address, "?"); strings.HasPrefix(path, "/") {
		return path
	}
	return ""
}
