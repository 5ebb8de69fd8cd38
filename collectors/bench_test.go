package collectors

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collecttest"
)

// BenchmarkHost measures one collection of everything about the real host, and one scrape of its snapshot.
func BenchmarkHost(b *testing.B) {
	reg := prometheus.NewRegistry()
	cfg := DefaultConfig()
	cfg.Posture = nil
	s, err := New(cfg, "", nil, collecttest.Quiet(), reg)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("collect", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Once(b.Context())
		}
	})
	b.Run("scrape", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := reg.Gather(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
