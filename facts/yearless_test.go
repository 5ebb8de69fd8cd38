package facts_test

import (
	"testing"
	"time"

	"gatewatch/event"
	"gatewatch/internal/values"
)

func TestYearless(t *testing.T) {
	t.Parallel()
	f := func(stamp, now, want string) {
		t.Helper()
		names := newNames(t, nil, beijing)
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		names.SetClock(func() time.Time { return at })
		ev := &event.Event{Source: &event.Source{}, Fields: []event.Field{{Key: event.Timestamp, Name: []byte("t"), Value: []byte(stamp)}}}
		names.Assign(ev)
		got := ""
		if !ev.Time.IsZero() {
			got = ev.Time.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%q read at %s = %q, want %q", stamp, now, got, want)
		}
	}
	f("Nov 22 16:00:00", "2026-11-22T08:00:00Z", "2026-11-22T08:00:00Z")
	f("Nov  2 16:00:00.123", "2026-11-22T08:00:00Z", "2026-11-02T08:00:00.123Z")
	f("Nov 23 15:00:00", "2026-11-22T08:00:00Z", "2026-11-23T07:00:00Z") // the other clock is ahead
	f("Nov 25 16:00:00", "2026-11-22T08:00:00Z", "2025-11-25T08:00:00Z")
	f("Dec 31 23:59:59", "2026-12-31T16:00:01Z", "2026-12-31T15:59:59Z") // read at New Year in Beijing
	f("Jan  1 00:00:00", "2026-12-31T16:00:01Z", "2026-12-31T16:00:00Z")
	f("Jan  1 00:00:00", "2026-12-31T15:59:59Z", "2026-12-31T16:00:00Z")
	f("Feb 29 12:00:00", "2026-11-22T08:00:00Z", "2024-02-29T04:00:00Z")
	f("Feb 30 12:00:00", "2026-11-22T08:00:00Z", "")
	f("Foo 22 12:00:00", "2026-11-22T08:00:00Z", "")
	f("Nov 22 12:00:00 x", "2026-11-22T08:00:00Z", "")
	f("Nov 22 12:60:00", "2026-11-22T08:00:00Z", "")
	if _, ok := values.Time([]byte("Nov 22 12:00:00"), time.UTC); ok {
		t.Error("Time reads a stamp without a year")
	}
}
