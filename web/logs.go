package web

import (
	"net/http"
	"time"
)

// logsBody is what the log page shows.
type logsBody struct {
	State   logState
	From    string
	To      string
	Records []recordView
	Result  LogResult
	Budget  time.Duration
	// Older and Newest are links to the next page and back to the first, or "".
	Older, Newest string
	Live          bool
	// The choices of the form.
	Levels, Providers, Outcomes []string
	Ranges                      []logRange
	Errors                      []string
}

// recordView is a record with the links that narrow the search it stands in.
type recordView struct {
	record
	OnlyLevel, OnlyProvider, OnlyOutcome string
	Fields                               []fieldView
}

type fieldView struct {
	field
	Only string
}

func (s *server) logsPage(w http.ResponseWriter, r *http.Request) {
	lang := requestLanguage(w, r)
	l := s.views.language(lang)
	p := s.page(r, "logs", lang)
	st := parseLogState(r.URL.Query(), s.loc)
	p.Live = st.live()
	p.Title = l.text("nav.logs")
	body := logsBody{
		State: st, From: formatLocal(st.From), To: formatLocal(st.To), Live: st.live(), Budget: searchBudget,
		Levels: levelNames(), Outcomes: outcomeNames(), Ranges: logRanges,
	}
	res, older, err := s.search(r.Context(), st)
	if err != nil {
		body.Errors = append(body.Errors, l.text("error.logs", s.failed(r.Context(), "logs", err)))
	}
	body.Result = res
	for _, h := range res.Hits {
		body.Records = append(body.Records, newRecordView(newRecord(h), st))
	}
	if older != nil {
		body.Older = older.Link()
	}
	if st.Before > 0 {
		body.Newest = st.newest().Link()
	}
	body.Providers = s.knownProviders(r, st.Provider)
	p.Body = body
	s.render(w, r, http.StatusOK, p)
}

// knownProviders are the providers of the last minutes, and the chosen one.
func (s *server) knownProviders(r *http.Request, chosen string) []string {
	var names []string
	o, err := s.overview(r.Context(), ranges[0])
	if err != nil {
		s.failed(r.Context(), "series", err)
		o = &overview{}
	}
	for _, w := range o.Rows {
		if w.Provider == chosen {
			chosen = ""
		}
		names = append(names, w.Provider)
	}
	if chosen != "" {
		names = append(names, chosen)
	}
	return names
}

func newRecordView(r record, st logState) recordView {
	v := recordView{record: r}
	only := func(name, value string) string {
		if value == "" {
			return ""
		}
		return st.with(name, value).Link()
	}
	v.OnlyLevel = only("log.level", r.Level)
	v.OnlyProvider = only("payment.provider", r.Provider)
	v.OnlyOutcome = only(outcomeField, r.Outcome)
	for _, f := range r.Fields {
		fv := fieldView{field: f}
		if f.Filter && len(f.Value) <= 200 {
			fv.Only = only(f.Name, f.Value)
		}
		v.Fields = append(v.Fields, fv)
	}
	return v
}
