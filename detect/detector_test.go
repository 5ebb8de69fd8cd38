package detect_test

import (
	"testing"

	"gatewatch/detect"
)

const (
	hour = 60 // in minutes
	day  = 24 * hour
	week = 7 * day
)

// results are what the detectors say of one minute of a shop.
type results struct{ success, attempts, latency detect.Result }

func watch(s *shop, minutes int, each func(minute int, r results)) {
	success, attempts := detect.NewDetector(detect.Rate, detect.DefaultLimit), detect.NewDetector(detect.Count, detect.DefaultLimit)
	latency := detect.NewDetector(detect.Gauge, detect.DefaultLimit)
	for m := range minutes {
		a, b, c := s.next(m)
		r := results{attempts: attempts.Observe(b), latency: latency.Observe(c)}
		if a.Total > 0 {
			r.success = success.Observe(a)
		}
		each(m, r)
	}
}

func TestQuietWeeksAreQuiet(t *testing.T) {
	t.Parallel()
	for _, perHour := range []float64{20, 600} {
		watch(newShop(1, perHour), 3*week, func(m int, r results) {
			for name, one := range map[string]detect.Result{"success": r.success, "attempts": r.attempts, "latency": r.latency} {
				if one.Score >= 1 || one.Drift >= 1 || one.Drift <= -1 {
					t.Errorf("%v an hour, minute %d: %s = %+v, want nothing unusual", perHour, m, name, one)
				}
			}
			if want := basisAt(m); r.attempts.Basis != want {
				t.Fatalf("minute %d: basis %d, want %d", m, r.attempts.Basis, want)
			}
		})
	}
}

// basisAt is the best basis that so much history allows; the shop opens at the full hour.
func basisAt(minute int) detect.Basis {
	switch {
	case minute < hour:
		return detect.NoBasis
	case minute < 3*day:
		return detect.RecentLevel
	case minute < 2*week:
		return detect.HourOfDay
	}
	return detect.HourOfWeek
}

func TestIncidents(t *testing.T) {
	t.Parallel()
	f := func(name string, perHour float64, at, within int, change func(attempts, success, latency *float64), unusual func(results) bool) {
		t.Helper()
		// Again on the next day: the first time must not have become usual.
		during := func(m int) bool { return m >= at && m < at+30 || m >= at+day && m < at+day+30 }
		s := newShop(1, perHour)
		s.change = func(m int, attempts, success, latency *float64) {
			if during(m) {
				change(attempts, success, latency)
			}
		}
		var found [2]bool
		watch(s, at+day+2*hour, func(m int, r results) {
			switch again := m >= at+day; {
			case unusual(r) && !during(m) && !during(m-10) && !(m >= at && during(m-10)):
				t.Errorf("%s: minute %d is unusual: %+v", name, m-at, r)
			case unusual(r) && (m-at < within || again && m-at-day < within):
				found[min(1, (m-at)/day)] = true
			}
		})
		if found != [2]bool{true, true} {
			t.Errorf("%s: found within %d minutes: %v, want both", name, within, found)
		}
	}
	low := func(r detect.Result) bool { return r.Score >= 1 && r.Value < r.Lower && r.Value < r.Expected }
	high := func(r detect.Result) bool { return r.Score >= 1 && r.Value > r.Upper && r.Value > r.Expected }
	success := func(r results) bool { return low(r.success) }
	f("half fails", 6000, 2*week+12*hour, 3, func(_, success, _ *float64) { *success = 0.5 }, success)
	f("half fails in the first days", 6000, day, 10, func(_, success, _ *float64) { *success = 0.5 }, success)
	f("a tenth fails", 6000, 2*week+12*hour, 20, func(_, success, _ *float64) { *success = 0.85 }, success)
	f("half of few fails", 300, 2*week+12*hour, 15, func(_, success, _ *float64) { *success = 0.5 }, success)
	f("no traffic", 600, 2*week+12*hour, 6, func(attempts, _, _ *float64) { *attempts = 0 }, func(r results) bool { return low(r.attempts) })
	f("a flood", 600, 2*week+12*hour, 6, func(attempts, _, _ *float64) { *attempts *= 5 }, func(r results) bool { return high(r.attempts) })
	f("slow answers", 600, 2*week+12*hour, 2, func(_, _, latency *float64) { *latency *= 3 }, func(r results) bool { return high(r.latency) })
}

func TestDrift(t *testing.T) {
	t.Parallel()
	s := newShop(1, 6000)
	s.change = func(m int, _, success, _ *float64) {
		if m > 3*week {
			*success -= 0.01 * float64(m-3*week) / day // a point a day
		}
	}
	first := 0
	watch(s, 3*week+4*day, func(m int, r results) {
		if r.success.Drift <= -1 && first == 0 {
			first = m
		}
		if r.success.Drift >= 1 {
			t.Fatalf("minute %d: drift %v, want downwards", m, r.success.Drift)
		}
	})
	if first < 3*week || first > 3*week+3*day {
		t.Errorf("drift found after %d hours of decline, want within 72", (first-3*week)/hour)
	}
}

func TestLastingChangeBecomesUsual(t *testing.T) {
	t.Parallel()
	s := newShop(1, 600)
	s.change = func(m int, attempts, _, _ *float64) {
		if m > 2*week {
			*attempts *= 4
		}
	}
	unusual := 0
	watch(s, 6*week, func(m int, r results) {
		if m > 5*week && r.attempts.Score >= 1 {
			unusual++
		}
	})
	if unusual > 0 {
		t.Errorf("%d minutes are unusual three weeks after the change", unusual)
	}
}

func TestNothingIsScoredWithoutHistory(t *testing.T) {
	t.Parallel()
	for _, kind := range []detect.Kind{detect.Rate, detect.Count, detect.Gauge} {
		d, s := detect.NewDetector(kind, detect.DefaultLimit), newShop(1, 6000)
		for m := range 100 {
			o, _, _ := s.next(m)
			if m%7 == 0 {
				o.Value = 0
			}
			if r := d.Observe(o); r.Score != 0 || r.Onset != 0 || r.Lower == r.Lower {
				t.Fatalf("%s: Observe of number %d = %+v, want no score", kind, m, r)
			}
		}
	}
}
