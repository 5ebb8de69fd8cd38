package event

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestDocumentTime compares the times of documents with those of package time.
func TestDocumentTime(t *testing.T) {
	t.Parallel()
	f := func(at time.Time) {
		t.Helper()
		layout := "2006-01-02T15:04:05.000Z"
		if at.Nanosecond()%1e6 != 0 && at.UTC().Year() >= 0 && at.UTC().Year() < 1e4 {
			layout = "2006-01-02T15:04:05.000000000Z"
		}
		want := `{"@timestamp":"` + at.UTC().Format(layout) + `"}`
		if got := string(AppendDocument(nil, &Event{Duration: -1, Time: at})); got != want {
			t.Errorf("AppendDocument(%v) = %s, want %s", at, got, want)
		}
	}
	f(time.Time{})
	f(time.Unix(0, 0))
	f(time.Date(2024, 2, 29, 23, 59, 59, 999e6, time.FixedZone("CST", 8*3600)))
	f(time.Date(9999, 12, 31, 23, 59, 59, 1, time.UTC))
	f(time.Date(12345, 1, 2, 3, 4, 5, 6e6, time.UTC))
	f(time.Date(-1, 1, 2, 3, 4, 5, 6e6, time.UTC))
	rng := rand.New(rand.NewPCG(1, 1))
	for range 10000 {
		at := time.Unix(rng.Int64N(1e10), rng.Int64N(1e9))
		f(at)
		f(at.Truncate(time.Millisecond))
	}
}

// TestDocumentEscapes has each byte at each place of words of eight bytes, beside bytes that need no escape.
func TestDocumentEscapes(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 20 {
			text := []byte(strings.Repeat("a", 20))
			text[at] = byte(c)
			want := `"` + strings.Repeat("a", at) + string(appendEscapedByte(byte(c))) + strings.Repeat("a", 19-at) + `"`
			if got := string(AppendJSONString(nil, text)); got != want {
				t.Fatalf("AppendJSONString(%q) = %s, want %s", text, got, want)
			}
			if got := string(AppendJSONString(nil, string(text))); got != want {
				t.Fatalf("AppendJSONString(%q) = %s, want %s", text, got, want)
			}
		}
	}
}

func appendEscapedByte(c byte) []byte {
	if plain[c] {
		return []byte{c}
	}
	return appendEscape(nil, c)
}
