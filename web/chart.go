package web

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// chartData are the figures of the charts on the first page.
type chartData struct {
	// Times are Unix seconds, Offset the time zone's offset from UTC in seconds.
	Times  []int64 `json:"times"`
	Offset int     `json:"offset"`
	// Success is the chosen provider's rate, or that of all, and All that of all beside a chosen one.
	Success gaps     `json:"success"`
	All     gaps     `json:"all,omitempty"`
	Usual   *float64 `json:"usual"`
	// Latency has a line for each provider.
	Latency []chartLine       `json:"latency"`
	Shaded  []chartShade      `json:"shaded"`
	Texts   map[string]string `json:"texts"`
}

type chartLine struct {
	Provider string `json:"provider"`
	Name     string `json:"name"`
	State    string `json:"state"`
	Values   gaps   `json:"values"`
}

// chartShade is the time of an incident.
type chartShade struct {
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	State string `json:"state"`
}

// gaps are values with four digits after the point, and null for NaN.
type gaps []float64

func (g gaps) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 8*len(g)+2)
	b = append(b, '[')
	for i, v := range g {
		if i > 0 {
			b = append(b, ',')
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			b = append(b, "null"...)
			continue
		}
		b = strconv.AppendFloat(b, math.Round(v*1e4)/1e4, 'f', -1, 64)
	}
	return append(b, ']'), nil
}

// maxLatencyLines bounds the lines of the latency chart.
const maxLatencyLines = 12

func (s *server) chart(w http.ResponseWriter, r *http.Request) {
	l := s.views.language(requestLanguage(nil, r))
	o, err := s.overview(r.Context(), parseRange(r.URL.Query().Get("range")))
	if err != nil {
		s.writeJSON(w, r, http.StatusServiceUnavailable, map[string]string{"error": s.failed(r.Context(), "series", err)})
		return
	}
	s.writeJSON(w, r, http.StatusOK, s.chartData(l, o, r.URL.Query().Get("provider")))
}

func (s *server) chartData(l *language, o *overview, provider string) chartData {
	d := chartData{Success: successes(o.Trend.All), Latency: []chartLine{}, Shaded: []chartShade{}}
	_, d.Offset = o.At.In(s.loc).Zone()
	for _, t := range o.Trend.Times {
		d.Times = append(d.Times, t.Unix())
	}
	usual := o.Usual
	if attempts, ok := o.Trend.ByProvider[provider]; ok {
		d.All, d.Success, usual = d.Success, successes(attempts), counts{}
	}
	for _, w := range o.Rows {
		if w.Provider == provider {
			usual = w.Usual
		}
		if values, ok := o.Trend.P95[w.Provider]; ok && len(d.Latency) < maxLatencyLines {
			d.Latency = append(d.Latency, chartLine{w.Provider, l.provider(w.Provider), w.State.String(), values})
		}
	}
	if usual.decided() >= minDecided {
		u := usual.success()
		d.Usual = &u
	}
	d.Shaded = shades(s.incidents(), provider, o.Trend.Times[0], o.At)
	d.Texts = map[string]string{"all": l.text("chart.all"), "usual": l.text("chart.usual.short"), "success": l.text("col.success")}
	if provider != "" {
		d.Texts["success"] = l.provider(provider)
	}
	return d
}

// shades are the times of the incidents with payments, of one provider when it is chosen.
func shades(all []Incident, provider string, from, to time.Time) []chartShade {
	shaded := []chartShade{}
	for _, one := range all {
		if one.Provider == "" || provider != "" && one.Provider != provider || severityState(one.Severity) == well {
			continue
		}
		end := to
		if !one.active() {
			end = one.Until
		}
		if end.After(from) {
			shaded = append(shaded, chartShade{one.Since.Unix(), end.Unix(), severityState(one.Severity).String()})
		}
	}
	return shaded
}

func (s *server) writeJSON(w http.ResponseWriter, r *http.Request, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		s.log.Error("answer not encoded", "err", err)
		plain(w, http.StatusInternalServerError, "the answer could not be encoded")
		return
	}
	s.write(w, r, code, "application/json", b)
}
