package web

import (
	"net/http"
	"time"
)

// incidentsBody is what the page of incidents shows.
type incidentsBody struct {
	Active, Ended []incidentView
}

type incidentView struct {
	Incident
	State  state
	Length time.Duration
	// Logs and Chart lead to the log and the charts of that time and provider.
	Logs, Chart string
	Whose       string
	// Why is what Whose rests on, in words.
	Why []string
	// Spans are how long it can be silenced, none when it cannot.
	Spans []silenceSpan
}

// logMargin is how much of the log before and after an incident its link shows.
const logMargin = time.Minute

func (s *server) incidentsPage(w http.ResponseWriter, r *http.Request) {
	lang := requestLanguage(w, r)
	p := s.page(r, "incidents", lang)
	p.Title = s.views.language(lang).text("nav.incidents")
	all := s.incidents()
	p.Body = incidentsBody{s.incidentViews(activeIncidents(all), p), s.incidentViews(endedIncidents(all), p)}
	s.render(w, r, http.StatusOK, p)
}

func (s *server) incidentViews(all []Incident, p page) []incidentView {
	views := make([]incidentView, 0, len(all))
	for _, one := range all {
		v := incidentView{Incident: one, State: severityState(one.Severity), Length: one.length(s.now())}
		if one.Side != "" {
			v.Whose = "tag." + one.Side
		}
		for _, reason := range one.Reasons {
			if text := s.views.language(p.Lang).pick(reason.Text); text != "" {
				v.Why = append(v.Why, text)
			}
		}
		st := logState{Provider: one.Provider, From: one.Since.In(s.loc).Add(-logMargin)}
		if one.active() && s.silence != nil {
			v.Spans = silenceSpans[:]
		}
		if !one.active() {
			v.State = well
			st.To = one.Until.In(s.loc).Add(logMargin)
		}
		v.Logs = st.Link()
		if one.Provider != "" && !one.Orders {
			v.Chart = link("/", "provider", one.Provider, "range", p.Range)
		}
		views = append(views, v)
	}
	return views
}

// agentBody is what the page about the agent itself shows.
type agentBody struct {
	Agent
	Files []fileView
	// Formats tells whether the format of any file is known.
	Formats bool
}

type fileView struct {
	File
	Behind int64
}

func (s *server) agentPage(w http.ResponseWriter, r *http.Request) {
	lang := requestLanguage(w, r)
	p := s.page(r, "agent", lang)
	p.Title = s.views.language(lang).text("nav.agent")
	var body agentBody
	if s.agent != nil {
		body.Agent = s.agent()
	}
	for _, f := range body.Agent.Files {
		body.Formats = body.Formats || f.Format != ""
		body.Files = append(body.Files, fileView{f, max(f.Size-f.Offset, 0)})
	}
	p.Body = body
	s.render(w, r, http.StatusOK, p)
}

func (s *server) missingPage(w http.ResponseWriter, r *http.Request) {
	lang := requestLanguage(w, r)
	p := s.page(r, "error", lang)
	p.Live = false
	p.Title = s.views.language(lang).text("error.title")
	p.Body = s.views.language(lang).text("error.page")
	s.render(w, r, http.StatusNotFound, p)
}
