package web

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatewatch/event"
)

// nowBody is what the first page shows.
type nowBody struct {
	Range timeRange
	// Provider is the one chosen for the charts, or "".
	Provider string
	Verdict  verdict
	Rows     []rowView
	Hidden   int
	// Found says which orders to look at were found lately, or "".
	Found   string
	Ground  []groundView
	Records []recordView
	// ChartSource is where the charts get their figures.
	ChartSource string
	// Errors say what could not be shown.
	Errors []string
}

// rowView is a provider's row with its links.
type rowView struct {
	row
	Spark   sparkline
	Link    string
	Logs    string
	Classes []classView
	Usual   float64
	Success float64
}

// classView is the count of one outcome class.
type classView struct {
	Outcome string
	Count   float64
	Link    string
}

// groundView is a cell of the strip below the providers, in words.
type groundView struct {
	Name, Text, Title, Link string
	State                   state
}

func (s *server) nowPage(w http.ResponseWriter, r *http.Request) {
	lang := requestLanguage(w, r)
	l := s.views.language(lang)
	p := s.page(r, "now", lang)
	body := nowBody{Range: parseRange(r.URL.Query().Get("range")), Provider: valid(r.URL.Query().Get("provider"))}
	body.ChartSource = link("/api/chart", "range", p.Range, "provider", body.Provider, "lang", lang)
	o, err := s.overview(r.Context(), body.Range)
	if err != nil {
		body.Errors = append(body.Errors, l.text("error.series", s.failed(r.Context(), "series", err)))
	} else {
		body.Verdict = l.verdict(o, s.sinceClock)
		body.Hidden = o.Hidden
		for _, one := range o.Rows {
			body.Rows = append(body.Rows, newRowView(one, p.Range))
		}
		body.Ground = s.groundViews(l, o)
		p.Title = body.Verdict.Title
	}
	body.Found = s.recentFindings(l)
	records, err := s.latest(r.Context())
	if err != nil {
		body.Errors = append(body.Errors, l.text("error.logs", s.failed(r.Context(), "logs", err)))
	}
	for _, one := range records {
		body.Records = append(body.Records, newRecordView(one, logState{Range: defaultLogRange}))
	}
	p.Body = body
	s.render(w, r, http.StatusOK, p)
}

// sinceClock writes when something began: the time, with the day when that is not today.
func (s *server) sinceClock(t time.Time) string {
	t, now := t.In(s.loc), s.now().In(s.loc)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("01-02 15:04")
}

func newRowView(w row, rng string) rowView {
	v := rowView{row: w, Success: w.Now.success(), Usual: math.NaN()}
	if w.Usual.decided() >= minDecided {
		v.Usual = w.Usual.success()
	}
	v.Spark = newSparkline(w.Rates, v.Usual)
	v.Link = link("/", "provider", w.Provider, "range", rng)
	v.Logs = link("/logs", "provider", w.Provider)
	for o := event.Approved; o <= event.Unclassed; o++ {
		if n := w.Now[o]; n >= 0.5 {
			v.Classes = append(v.Classes, classView{o.String(), n, link("/logs", "provider", w.Provider, "outcome", o.String())})
		}
	}
	slices.SortStableFunc(v.Classes, func(a, b classView) int { return cmp.Compare(b.Count, a.Count) })
	return v
}

// groundViews puts into words what payments stand on, and what the agent knows of its own parts.
func (s *server) groundViews(l *language, o *overview) []groundView {
	var all []groundView
	for _, g := range o.Ground {
		v := groundView{Name: l.text("ground." + g.Kind), State: g.State}
		var said []string
		for _, p := range g.Parts {
			said = append(said, l.phrase(p))
		}
		v.Text = strings.Join(said, l.text("ground.between"))
		if one := g.Incident; one != nil {
			v.Link, v.Title = "/incidents", l.pick(one.Summary)
			if v.Text == "" {
				v.Text = v.Title
			}
		}
		all = append(all, v)
	}
	if s.agent != nil {
		all = append(all, agentGround(l, s.agent(), s.sinceClock)...)
	}
	return all
}

func agentGround(l *language, a Agent, clock func(time.Time) string) []groundView {
	const page = "/agent"
	files := groundView{Name: l.text("ground.logs"), Link: page}
	var behind int64
	for _, f := range a.Files {
		behind += max(f.Size-f.Offset, 0)
	}
	files.Text = l.text("ground.logs.even", number(float64(len(a.Files))))
	if behind > 0 {
		files.Text = l.text("ground.logs.text", number(float64(len(a.Files))), bytesize(float64(behind)))
	}
	for _, f := range a.Files {
		if f.Error != "" {
			files.State, files.Text = worse, l.text("ground.logs.bad", f.Path, f.Error)
		}
	}
	j := groundView{Name: l.text("ground.journal"), Link: page}
	used, most := bytesize(float64(a.Journal.Bytes)), bytesize(float64(a.Journal.MaxBytes))
	j.Text = l.text("ground.journal.new", used, most)
	if !a.Journal.Oldest.IsZero() {
		j.Text = l.text("ground.journal.text", used, most, clock(a.Journal.Oldest))
	}
	if a.Journal.Error != "" {
		j.State, j.Text = failing, a.Journal.Error
	}
	all := []groundView{files, j}
	for _, out := range a.Outputs {
		g := groundView{Name: out.Name, Link: page, Text: l.text("ground.output.text", number(float64(out.Delivered)))}
		switch {
		case out.Error != "":
			g.State, g.Text = failing, out.Error
		case out.Waiting != "":
			g.Text = l.text("ground.output.wait", out.Waiting)
		}
		all = append(all, g)
	}
	return all
}
