package outputs

import (
	"testing"

	"gatewatch/journal"
)

// BenchmarkBody is the output's own work for an event: constants and document into the body of a request.
func BenchmarkBody(b *testing.B) {
	block := journal.Block{Records: records(source(1, "app"), 0, 2000)}
	s := streams{namespace: "default"}
	var body []byte
	b.ReportAllocs()
	for b.Loop() {
		items, _ := s.items(block.Records)
		body = appendBody(body[:0], items, items[0].stream.index)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(block.Records)), "ns/event")
	b.SetBytes(int64(len(body)))
}

// BenchmarkAnswer is the reading of an answer in which all is well.
func BenchmarkAnswer(b *testing.B) {
	answer := []byte(`{"errors":false,"items":[`)
	const n = 2000
	for i := range n {
		if i > 0 {
			answer = append(answer, ',')
		}
		answer = append(answer, `{"create":{"status":201}}`...)
	}
	answer = append(answer, `]}`...)
	for b.Loop() {
		if verdicts, err := parseAnswer(answer, n); verdicts != nil || err != nil {
			b.Fatal(verdicts, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
}
