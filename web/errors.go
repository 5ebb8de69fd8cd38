package web

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ErrorGroups are the groups of errors, as the page shows them.
type ErrorGroups struct {
	// Groups are the most noteworthy ones, in the order in which they are shown; All is how many there are.
	Groups []ErrorGroup
	All    int
	// NewSince is the time from which on groups that were first seen are new.
	NewSince time.Time
	// Deploy is the version of the last deploy, and DeployedAt its time; zero when none was told.
	Deploy     string
	DeployedAt time.Time
}

// ErrorGroup is one group of errors that say the same.
type ErrorGroup struct {
	// Key is the value of error.grouping_key in its records.
	Key string
	// Text is what they say, with <*> in the place of what differs, and Sample the text of one of them.
	Text, Sample string
	// Level is the worst level seen, or "".
	Level string
	// Count is the number of records in all, Hour of the last hour.
	Count       int64
	Hour        int
	First, Last time.Time
	// Providers and Codes are some of those in its records.
	Providers, Codes []string
	// Minutes are the records of each of the last minutes, the present one last.
	Minutes []int
	// New: first seen lately. Rising: many more records than usual, Factor times as many.
	New, Rising bool
	Factor      float64
}

// groupingField is the field of a document that says which group it belongs to.
const groupingField = "error.grouping_key"

// errorsShown is the most groups on the page of errors.
const errorsShown = 100

// errorsBody is what the page of errors shows.
type errorsBody struct {
	ErrorGroups
	Rows     []errorRow
	New      int
	Rising   int
	Deployed bool // the new ones are new since a deploy
	Codes    []unclassedRow
}

type errorRow struct {
	ErrorGroup
	State state
	// Parts are the pieces of the text between what differs.
	Parts []string
	Spark sparkline
	// Peak is the most records in one minute.
	Peak int
	Logs string
}

func (s *server) errorsPage(w http.ResponseWriter, r *http.Request) {
	lang := requestLanguage(w, r)
	p := s.page(r, "errors", lang)
	p.Title = s.views.language(lang).text("nav.errors")
	body := errorsBody{ErrorGroups: s.errors(errorsShown), Codes: s.unclassedRows()}
	body.Deployed = !body.DeployedAt.IsZero() && !body.NewSince.After(body.DeployedAt)
	for _, g := range body.Groups {
		row := newErrorRow(g, s.now())
		if g.New {
			body.New++
		}
		if g.Rising {
			body.Rising++
		}
		body.Rows = append(body.Rows, row)
	}
	p.Body = body
	s.render(w, r, http.StatusOK, p)
}

// recently is how long after its last record a group that is new or rising is worth a colour.
const recently = 5 * time.Minute

func newErrorRow(g ErrorGroup, now time.Time) errorRow {
	row := errorRow{ErrorGroup: g, Parts: strings.Split(g.Text, "<*>"), Spark: countSpark(g.Minutes), Peak: slices.Max(append(g.Minutes, 0))}
	if (g.New || g.Rising) && now.Sub(g.Last) < recently {
		row.State = worse
		if g.Level != "warn" && g.New {
			row.State = failing
		}
	}
	st := logState{Text: term(groupingField, g.Key), Range: defaultLogRange}
	for _, one := range logRanges {
		if st.Range = one.Name; one.Span == 0 || one.Span >= time.Hour && now.Sub(g.Last) < one.Span/2 {
			break
		}
	}
	row.Logs = st.Link()
	return row
}

// countSpark draws counts, from none at the bottom to the highest at the top.
func countSpark(counts []int) sparkline {
	peak := slices.Max(append(counts, 1))
	shares := make([]float64, len(counts))
	for i, n := range counts {
		shares[i] = float64(n) / float64(peak)
	}
	return drawSparkline(shares, math.NaN(), 0)
}
