package collectors

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// BenchmarkHost measures one collection of everything about the real host, and one scrape of its snapshot.
func BenchmarkHost(b *testing.B) {
	reg := prometheus.NewRegistry()
	cfg := DefaultConfig()
	cfg.Posture = nil
	s, err := New(cfg, "", nil, quiet(), reg)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("collect", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, r := range s.runners {
				r.once(b.Context())
			}
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
	for _, r := range s.runners {
		b.Run(r.name, func(b *testing.B) {
			for b.Loop() {
				r.once(b.Context())
			}
		})
	}
}
