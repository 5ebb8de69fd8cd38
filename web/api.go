package web

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Bounds of a query from outside.
const (
	maxAPIPoints = 11000
	maxAPIQuery  = 10000
)

// apiAnswer is an answer in the form of Prometheus' HTTP API.
type apiAnswer struct {
	Status    string   `json:"status"`
	Data      *apiData `json:"data,omitempty"`
	ErrorType string   `json:"errorType,omitempty"`
	Error     string   `json:"error,omitempty"`
}

type apiData struct {
	ResultType string      `json:"resultType"`
	Result     []apiSeries `json:"result"`
}

// apiSeries has one value in an instant vector and several in a matrix.
type apiSeries struct {
	Metric map[string]string `json:"metric"`
	Value  any               `json:"value,omitempty"`
	Values []any             `json:"values,omitempty"`
}

// apiQuery answers /api/v1/query?query=…&time=… like Prometheus, vectors only.
func (s *server) apiQuery(w http.ResponseWriter, r *http.Request) {
	at, err := apiTime(r.FormValue("time"), s.now())
	if err != nil {
		s.apiRefuse(w, r, err)
		return
	}
	expr, err := apiExpression(r)
	if err != nil {
		s.apiRefuse(w, r, err)
		return
	}
	samples, err := s.series.Query(r.Context(), expr, at)
	if err != nil {
		s.apiRefuse(w, r, err)
		return
	}
	data := &apiData{"vector", []apiSeries{}}
	for _, one := range samples {
		data.Result = append(data.Result, apiSeries{Metric: labelsOf(one.Labels), Value: apiPoint(at, one.Value)})
	}
	s.writeJSON(w, r, http.StatusOK, apiAnswer{Status: "success", Data: data})
}

// apiQueryRange answers /api/v1/query_range?query=…&start=…&end=…&step=… like Prometheus.
func (s *server) apiQueryRange(w http.ResponseWriter, r *http.Request) {
	expr, err := apiExpression(r)
	from, errFrom := apiTime(r.FormValue("start"), time.Time{})
	to, errTo := apiTime(r.FormValue("end"), s.now())
	step, errStep := apiStep(r.FormValue("step"))
	if err := errors.Join(err, errFrom, errTo, errStep, apiBounds(from, to, step)); err != nil {
		s.apiRefuse(w, r, err)
		return
	}
	lines, err := s.series.QueryRange(r.Context(), expr, from, to, step)
	if err != nil {
		s.apiRefuse(w, r, err)
		return
	}
	data := &apiData{"matrix", []apiSeries{}}
	for _, l := range lines {
		one := apiSeries{Metric: labelsOf(l.Labels)}
		for _, p := range l.Points {
			one.Values = append(one.Values, apiPoint(p.Time, p.Value))
		}
		data.Result = append(data.Result, one)
	}
	s.writeJSON(w, r, http.StatusOK, apiAnswer{Status: "success", Data: data})
}

func (s *server) apiRefuse(w http.ResponseWriter, r *http.Request, err error) {
	s.writeJSON(w, r, http.StatusBadRequest, apiAnswer{Status: "error", ErrorType: "bad_data", Error: err.Error()})
}

func apiExpression(r *http.Request) (string, error) {
	expr := r.FormValue("query")
	switch {
	case expr == "":
		return "", errors.New("the parameter query is missing")
	case len(expr) > maxAPIQuery:
		return "", fmt.Errorf("the query is longer than %d bytes", maxAPIQuery)
	}
	return expr, nil
}

func apiBounds(from, to time.Time, step time.Duration) error {
	switch {
	case from.IsZero():
		return errors.New("the parameter start is missing")
	case to.Before(from):
		return errors.New("the end lies before the start")
	case step > 0 && to.Sub(from)/step > maxAPIPoints:
		return fmt.Errorf("more than %d points: take a longer step", maxAPIPoints)
	}
	return nil
}

// apiTime reads Unix seconds with a fraction, or RFC 3339.
func apiTime(text string, absent time.Time) (time.Time, error) {
	if text == "" {
		return absent, nil
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(v) < 1e11 {
		return time.UnixMilli(int64(v * 1000)), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%q is no time: Unix seconds or RFC 3339", text)
}

// apiStep reads seconds with a fraction, or a duration like 30s.
func apiStep(text string) (time.Duration, error) {
	if v, err := strconv.ParseFloat(text, 64); err == nil && v >= 0.001 && v < 1e9 {
		return time.Duration(v * float64(time.Second)), nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= time.Millisecond {
		return d, nil
	}
	return 0, fmt.Errorf("%q is no step: seconds, or a duration like 30s", text)
}

func apiPoint(t time.Time, v float64) any {
	return []any{float64(t.UnixMilli()) / 1000, strconv.FormatFloat(v, 'f', -1, 64)}
}

func labelsOf(l map[string]string) map[string]string {
	if l == nil {
		return map[string]string{}
	}
	return l
}
