package apiend_test

import (
	"testing"

	"gatewatch/internal/apiend"
)

func TestDeprecation(t *testing.T) {
	t.Parallel()
	f := func(text string, want int64, wantOK bool) {
		t.Helper()
		at, ok := apiend.Deprecation(text)
		got := int64(0)
		if !at.IsZero() {
			got = at.Unix()
		}
		if got != want || ok != wantOK {
			t.Errorf("Deprecation(%q) = %d, %v, want %d, %v", text, got, ok, want, wantOK)
		}
	}
	f("@1688169599", 1688169599, true)
	f("true", 0, true)
	f("Sun, 11 Nov 2018 23:59:59 GMT", 1541980799, true)
	f("false", 0, false)
	f("", 0, false)
}

func TestSunset(t *testing.T) {
	t.Parallel()
	if at, ok := apiend.Sunset("Sat, 31 Dec 2018 23:59:59 GMT"); !ok || at.Unix() != 1546300799 {
		t.Errorf("Sunset() = %v, %v", at, ok)
	}
	if _, ok := apiend.Sunset("soon"); ok {
		t.Error(`Sunset("soon") is a date`)
	}
}
