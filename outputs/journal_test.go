package outputs

import (
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/journal"
)

// TestJournalFeed delivers a real journal over a restart: what was acknowledged does not come again, the rest does.
func TestJournalFeed(t *testing.T) {
	t.Parallel()
	dir, c := t.TempDir(), &cluster{}
	session := func(from, n int) *rig {
		j, err := journal.Open(dir, journal.DefaultConfig(), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		for i := range n {
			if err := j.Append(journal.Batch{Records: records(source(1, "app"), from+i*10, 10)}); err != nil {
				t.Fatal(err)
			}
		}
		consumer, err := j.Consumer("elasticsearch")
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, config(), consumer, c)
		stop := r.start(t)
		eventually(t, "delivery", func() bool { accepted, _ := c.holds(); return len(accepted) == from+n*10 })
		stop()
		return r
	}
	session(0, 20)
	r := session(200, 5)
	r.metric(t, "gatewatch_output_sent_records_total", "", 50)
	r.metric(t, "gatewatch_output_known_records_total", "", 0)
}
