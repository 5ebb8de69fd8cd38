package web

import (
	"bytes"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"gatewatch/event"
)

// minGzip is the size from which a page is worth compressing.
const minGzip = 1400

// views are the pages' templates in each language.
type views struct {
	byLanguage map[string]map[string]*template.Template
	languages  map[string]*language
}

var pageNames = [...]string{"now", "logs", "orders", "objectives", "errors", "incidents", "agent", "error"}

func loadViews(static *assets, providerName func(provider, lang string) string, loc *time.Location) (*views, error) {
	v := &views{map[string]map[string]*template.Template{}, map[string]*language{}}
	for column, code := range languages {
		l := &language{code, column, providerName}
		v.languages[code] = l
		v.byLanguage[code] = map[string]*template.Template{}
		for _, page := range pageNames {
			t, err := template.New("layout.html").Funcs(functions(l, static, loc)).
				ParseFS(files, "templates/layout.html", "templates/record.html", "templates/"+page+".html")
			if err != nil {
				return nil, fmt.Errorf("parse page %s: %w", page, err)
			}
			v.byLanguage[code][page] = t
		}
	}
	return v, nil
}

func (v *views) language(code string) *language { return v.languages[code] }

// functions are what templates may call.
func functions(l *language, static *assets, loc *time.Location) template.FuncMap {
	return template.FuncMap{
		"t": l.text, "static": static.address,
		"provider": l.provider, "outcome": l.outcome, "finding": l.finding, "pick": l.pick, "summary": l.summary, "reasonName": l.reasonName,
		"number": toFloat(number), "percent": percent, "percentage": percentage, "whole": wholePercent, "seconds": seconds,
		"bytesize": toFloat(bytesize), "lasting": l.lasting,
		"clock":    func(t time.Time) string { return t.In(loc).Format("15:04:05") },
		"millis":   func(t time.Time) string { return t.In(loc).Format("15:04:05.000") },
		"stamp":    func(t time.Time) string { return t.In(loc).Format("2006-01-02 15:04:05") },
		"iso":      func(t time.Time) string { return t.In(loc).Format(time.RFC3339Nano) },
		"nan":      math.IsNaN,
		"link":     link,
		"term":     term,
		"severity": l.severity,
	}
}

// toFloat makes a formatter of numbers take any integer too.
func toFloat(f func(float64) string) func(any) (string, error) {
	return func(v any) (string, error) {
		switch n := v.(type) {
		case float64:
			return f(n), nil
		case int:
			return f(float64(n)), nil
		case int64:
			return f(float64(n)), nil
		}
		return "", fmt.Errorf("%T is not a number", v)
	}
}

// link returns path with the pairs of names and values that are not empty.
func link(path string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return linkTo(path, v)
}

// page is what every page has.
type page struct {
	// Name chooses the template and the mark in the navigation.
	Name, Lang string
	// Title stands in the browser's tab.
	Title string
	// Self is the address of this very page, Other the same in the other language.
	Self, Other, OtherLang string
	Host, Zone             string
	Now                    time.Time
	// Range is the chosen time range, "" for the default.
	Range  string
	Ranges []timeRange
	// Active is the number of active incidents that are more than information, Worst how bad they are.
	Active int
	Worst  state
	// HasOrders, HasObjectives and HasErrors tell whether there is a page of orders, of objectives, and of errors.
	HasOrders, HasObjectives, HasErrors bool
	// Live tells whether the page is fetched again while it is open.
	Live bool
	Body any
}

func (s *server) page(r *http.Request, name, lang string) page {
	now := s.now().In(s.loc)
	p := page{Name: name, Lang: lang, Now: now, Host: s.host, Ranges: ranges, HasOrders: s.orders != nil, HasObjectives: len(s.objectives()) > 0, HasErrors: s.errors != nil, Live: true}
	p.Self = linkTo(r.URL.Path, r.URL.Query())
	p.OtherLang = languages[0]
	if lang == languages[0] {
		p.OtherLang = languages[1]
	}
	other := r.URL.Query()
	other.Set("lang", p.OtherLang)
	p.Other = linkTo(r.URL.Path, other)
	if rng := parseRange(r.URL.Query().Get("range")); rng.Name != ranges[0].Name {
		p.Range = rng.Name
	}
	_, offset := now.Zone()
	p.Zone = zoneName(offset)
	for _, one := range s.incidents() {
		if st := severityState(one.Severity); one.active() && st > well {
			p.Active++
			p.Worst = max(p.Worst, st)
		}
	}
	if s.agent != nil {
		if host := s.agent().Host; host != "" {
			p.Host = host
		}
	}
	return p
}

// zoneName writes an offset from UTC in seconds: UTC, UTC+8, UTC−3:30.
func zoneName(offset int) string {
	if offset == 0 {
		return "UTC"
	}
	sign := "+"
	if offset < 0 {
		sign, offset = "−", -offset
	}
	name := "UTC" + sign + itoa(offset/3600)
	if m := offset % 3600 / 60; m > 0 {
		name += fmt.Sprintf(":%02d", m)
	}
	return name
}

// render writes the page. A template that fails is a mistake of ours: it is logged, and the client gets a 500.
func (s *server) render(w http.ResponseWriter, r *http.Request, code int, p page) {
	var b bytes.Buffer
	if err := s.views.byLanguage[p.Lang][p.Name].Execute(&b, p); err != nil {
		s.log.Error("page not rendered", "page", p.Name, "err", err)
		plain(w, http.StatusInternalServerError, "the page could not be rendered")
		return
	}
	// Text of other parts may hold anything.
	s.write(w, r, code, "text/html; charset=utf-8", bytes.ToValidUTF8(b.Bytes(), []byte("\uFFFD")))
}

// write sends a body that must not be kept by any cache.
func (s *server) write(w http.ResponseWriter, r *http.Request, code int, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Encoding, Accept-Language, Cookie")
	if len(body) >= minGzip && acceptsGzip(r) {
		if zipped, err := compress(body, gzip.StatelessCompression); err == nil {
			h.Set("Content-Encoding", "gzip")
			body = zipped
		}
	}
	h.Set("Content-Length", itoa(len(body)))
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// outcomeNames are the names of all outcome classes.
func outcomeNames() []string {
	var names []string
	for o := event.Approved; o <= event.Unclassed; o++ {
		names = append(names, o.String())
	}
	return names
}

// levelNames are the levels of records, the worst first.
func levelNames() []string { return strings.Fields("fatal error warn info debug trace") }
