package series

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// The times that mean "since ever" and "for ever" in Prometheus' API. Their texts have years that the parser of the
// standard library does not read.
var (
	minTime = time.Unix(math.MinInt64/1000+62135596801, 0).UTC()
	maxTime = time.Unix(math.MaxInt64/1000-62135596801, 999999999).UTC()
)

// parseTime reads seconds of the Unix epoch, with milliseconds at most, or RFC 3339.
func parseTime(text string) (time.Time, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		whole, part := math.Modf(seconds)
		part = math.Round(part*1000) / 1000
		return time.Unix(int64(whole), int64(part*float64(time.Second))).UTC(), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	for _, limit := range []time.Time{minTime, maxTime} {
		if text == limit.Format(time.RFC3339Nano) {
			return limit, nil
		}
	}
	return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", text)
}

// timeOr reads a parameter that may be missing.
func timeOr(r *http.Request, name string, missing time.Time) (time.Time, error) {
	text := r.FormValue(name)
	if text == "" {
		return missing, nil
	}
	t, err := parseTime(text)
	if err != nil {
		return time.Time{}, wrong(name, fmt.Errorf("invalid time value for '%s': %w", name, err))
	}
	return t, nil
}

// parseDuration reads seconds, or Prometheus' durations such as 1h30m.
func parseDuration(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		d := seconds * float64(time.Second)
		if d > math.MaxInt64 || d < math.MinInt64 {
			return 0, fmt.Errorf("cannot parse %q to a valid duration. It overflows int64", text)
		}
		return time.Duration(d), nil
	}
	if d, err := model.ParseDuration(text); err == nil {
		return time.Duration(d), nil
	}
	return 0, fmt.Errorf("cannot parse %q to a valid duration", text)
}

// limitOf returns how many elements an answer may have, 0 for all.
func limitOf(r *http.Request) (int, error) {
	text := r.FormValue("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && n < 0 {
		err = errors.New("limit must be non-negative")
	}
	if err != nil {
		return 0, wrong("limit", err)
	}
	return n, nil
}

// cut returns the first elements, and whether there were more than limit.
func cut[S ~[]E, E any](all S, limit int) (S, bool) {
	if limit == 0 || len(all) <= limit {
		return all, false
	}
	return all[:limit], true
}

var errTruncated = errors.New("results truncated due to limit")

// matchers reads the parameters match[].
func (a *api) matchers(r *http.Request) ([][]*labels.Matcher, error) {
	sets, err := a.parser.ParseMetricSelectors(r.Form["match[]"])
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if !narrows(set) {
			return nil, errors.New("match[] must contain at least one non-empty matcher")
		}
	}
	return sets, nil
}

// narrows tells whether a selector leaves anything out.
func narrows(set []*labels.Matcher) bool {
	for _, m := range set {
		if !m.Matches("") {
			return true
		}
	}
	return false
}

// selection is what labels, label values and series are asked for with.
type selection struct {
	limit    int
	from, to int64 // milliseconds
}

func selectionOf(r *http.Request) (selection, error) {
	limit, err := limitOf(r)
	if err != nil {
		return selection{}, err
	}
	from, err := timeOr(r, "start", minTime)
	if err != nil {
		return selection{}, err
	}
	to, err := timeOr(r, "end", maxTime)
	if err != nil {
		return selection{}, err
	}
	return selection{limit, from.UnixMilli(), to.UnixMilli()}, nil
}

// hint is the limit that the store may keep: one more, so that the answer can say that there is more.
func (s selection) hint() int {
	if s.limit > 0 && s.limit < math.MaxInt {
		return s.limit + 1
	}
	return s.limit
}
