package web

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestUnits(t *testing.T) {
	t.Parallel()
	f := func(name string, got, want string) {
		t.Helper()
		if got = strings.ReplaceAll(got, nbsp, " "); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	f("number(1204)", number(1204), "1,204")
	f("number(1204331.6)", number(1204331.6), "1,204,332")
	f("number(-1204)", number(-1204), "-1,204")
	f("number(-0.2)", number(-0.2), "0")
	f("number(999)", number(999), "999")
	f("number(NaN)", number(math.NaN()), absent)
	f("percent(.412)", percent(.412), "41.2 %")
	f("percent(1)", percent(1), "100 %")
	f("percent(.99996)", percent(.99996), "99.9 %")
	f("percent(.0002)", percent(.0002), "0.02 %")
	f("percent(0)", percent(0), "0 %")
	f("percent(Inf)", percent(math.Inf(1)), absent)
	f("seconds(.084)", seconds(.084), "84 ms")
	f("seconds(.41)", seconds(.41), "0.41 s")
	f("seconds(3.14)", seconds(3.14), "3.1 s")
	f("seconds(9.97)", seconds(9.97), "10 s")
	f("seconds(18.2)", seconds(18.2), "18 s")
	f("bytesize(812)", bytesize(812), "812 B")
	f("bytesize(1023.6)", bytesize(1023.6), "1.0 KiB")
	f("bytesize(41.3 Mi)", bytesize(41.3*(1<<20)), "41.3 MiB")
	f("bytesize(512 Gi)", bytesize(512*(1<<30)), "512 GiB")
	en, zh := &language{code: "en"}, &language{code: "zh", column: 1}
	f("41 s", en.lasting(41*time.Second), "41 s")
	f("7 min", en.lasting(7*time.Minute+59*time.Second), "7 min")
	f("2 h 5 min", en.lasting(125*time.Minute), "2 h 5 min")
	f("3 d", zh.lasting(72*time.Hour), "3 天")
	f("-1 s", zh.lasting(-time.Second), "0 秒")
}

func TestWilson(t *testing.T) {
	t.Parallel()
	f := func(k, n, lower, upper float64) {
		t.Helper()
		gotLower, gotUpper := wilson(k, n, 1.96)
		if math.Abs(gotLower-lower) > 0.0005 || math.Abs(gotUpper-upper) > 0.0005 {
			t.Errorf("wilson(%v, %v) = %.4f, %.4f, want %v, %v", k, n, gotLower, gotUpper, lower, upper)
		}
	}
	f(0, 0, 0, 1)
	f(1, 10, 0.0179, 0.4042)
	f(50, 100, 0.4038, 0.5962)
	f(10, 10, 0.7225, 1)
}

func TestJudge(t *testing.T) {
	t.Parallel()
	of := func(outcomes map[string]float64) *counts {
		c := &counts{}
		for o, n := range outcomes {
			c.add(o, n)
		}
		return c
	}
	usual := of(map[string]float64{"approved": 9680, "customer": 300, "provider_down": 20})
	f := func(name string, now map[string]float64, usual *counts, want state, wantSide string) {
		t.Helper()
		if got, side := judge(of(now), usual); got != want || side != wantSide {
			t.Errorf("%s: judge = %v %q, want %v %q", name, got, side, want, wantSide)
		}
	}
	f("as usual", map[string]float64{"approved": 968, "customer": 32}, usual, well, "")
	f("three of four fail at night", map[string]float64{"approved": 1, "provider_down": 3}, usual, well, "")
	f("two of twenty", map[string]float64{"approved": 18, "customer": 2}, usual, well, "")
	f("provider down", map[string]float64{"approved": 40, "provider_down": 60}, usual, failing, theirs)
	f("time-outs", map[string]float64{"approved": 80, "unknown_outcome": 20}, usual, worse, theirs)
	f("our key", map[string]float64{"approved": 500, "merchant_config": 500}, usual, failing, ours)
	f("more declines", map[string]float64{"approved": 500, "issuer_policy": 500}, usual, failing, declines)
	f("pending does not count", map[string]float64{"approved": 96, "pending": 900, "customer": 4}, usual, well, "")
	f("no history, well", map[string]float64{"approved": 90, "customer": 10}, &counts{}, well, "")
	f("no history, down", map[string]float64{"approved": 50, "provider_down": 50}, &counts{}, failing, theirs)
	f("always bad", map[string]float64{"approved": 400, "provider_down": 600}, of(map[string]float64{"approved": 400, "provider_down": 600}), failing, theirs)
}
