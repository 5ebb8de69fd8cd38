package facts_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gatewatch/event"
	"gatewatch/parse"
)

// TestNamesRemember gives records of changing members and values to a Parser and Names that remember the ones before, and
// to new ones: both must find the same.
func TestNamesRemember(t *testing.T) {
	t.Parallel()
	old, err := parse.New("json")
	if err != nil {
		t.Fatal(err)
	}
	names := newNames(t, nil, time.UTC)
	members := []string{"time", "status", "amount", "provider", "method", "level", "extra", "latency_ms", "code", strings.Repeat("n", 50)}
	values := []string{`"2026-11-22T08:00:00.123Z"`, `"2026-11-22T08:00:00.456Z"`, `"2026-11-22 08:00:01,001"`,
		`"2026-11-22T08:00:00.12Z"`, `"2026-11-22T08:00:00.123"`, `"2026-11-22T08:00:00.456"`, `"22/Nov/2026:08:00:00 +0000"`, `1700000000000000000.123`,
		`1700000000000000000.456`, `null`, `"null"`, `200`, `"card"`, `"POST"`, `"a\"b"`, `{"provider":"stripe","code":"x"}`, `[1]`, `""`, `"warn"`, `true`}
	rng := rand.New(rand.NewPCG(5, 6))
	remembered := &event.Event{}
	for range 500 {
		if rng.IntN(100) == 0 {
			rng.Shuffle(len(members), func(i, k int) { members[i], members[k] = members[k], members[i] })
		}
		var line []string
		for _, m := range members[:len(members)-rng.IntN(3)/2] {
			line = append(line, fmt.Sprintf("%q:%s", m, values[rng.IntN(len(values))]))
		}
		raw := "{" + strings.Join(line, ",") + "}"
		fresh := assign(t, newNames(t, nil, time.UTC), raw)
		remembered.Reset()
		remembered.Raw = []byte(raw)
		old.Parse(remembered)
		names.Assign(remembered)
		want, got := string(event.AppendDocument(nil, fresh)), string(event.AppendDocument(nil, remembered))
		if got != want {
			t.Fatalf("Assign(%s):\n got %s\nwant %s", raw, got, want)
		}
	}
}
