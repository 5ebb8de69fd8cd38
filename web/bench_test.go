package web

import (
	"testing"
	"time"
)

// BenchmarkPages measures one page from request to answer, while the caches hold what the parts gave.
func BenchmarkPages(b *testing.B) {
	h := newWorld(fixed(start)).handler(b)
	for _, path := range []string{"/", "/logs", "/errors", "/incidents", "/agent", "/api/chart"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if rec := fetch(b, h, path, "Accept-Encoding", "gzip"); rec.Code != 200 {
					b.Fatal(rec.Code)
				}
			}
		})
	}
}

// BenchmarkOverview measures the page when everything has to be asked for again.
func BenchmarkOverview(b *testing.B) {
	at := start
	h := newWorld(func() time.Time { return at }).handler(b)
	for b.Loop() {
		at = at.Add(time.Minute)
		fetch(b, h, "/")
	}
}
