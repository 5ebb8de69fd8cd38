package redact

import (
	"bytes"
	"testing"

	"gatewatch/internal/cardcorpus"
)

// TestCorpus holds the goals of recall and precision on made-up texts; bench/cards prints the numbers for many more.
func TestCorpus(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	missed := func(s cardcorpus.Sample) bool {
		return bytes.Contains(r.Redact(nil, []byte(s.Text)), []byte(s.Secret))
	}
	flagged := func(s cardcorpus.Sample) bool { return string(r.Redact(nil, []byte(s.Text))) != s.Text }
	f := func(name string, samples []cardcorpus.Sample, most int, wrong func(cardcorpus.Sample) bool) {
		t.Helper()
		count := 0
		for _, s := range samples {
			if wrong(s) {
				if count++; count <= 5 {
					t.Logf("%s, %s: %q", name, s.Kind, s.Text)
				}
			}
		}
		if count > most {
			t.Errorf("%s: %d of %d wrong, want at most %d", name, count, len(samples), most)
		}
	}
	for _, card := range cardcorpus.TestCards() {
		for _, written := range cardcorpus.Written(card) {
			f(written, cardcorpus.In(written), 0, missed)
		}
	}
	f("cards", cardcorpus.Cards(7, 10_000), 10, missed)
	f("ids", cardcorpus.Ids(7, 10_000), 1, flagged)
	f("lines", cardcorpus.Lines(7, 20_000), 0, flagged)
}
