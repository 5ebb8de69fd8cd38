package detect

import (
	"math"
	"testing"
)

func TestChance(t *testing.T) {
	t.Parallel()
	f := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-6*max(1, want) {
			t.Errorf("%s = %.9f, want %.9f", name, got, want)
		}
	}
	f("no success of 10", binomial(0, 10, 0.5), 10*math.Log10(2))
	f("10 successes of 10", binomial(10, 10, 0.5), 10*math.Log10(2))
	f("at most 2 successes of 10", binomial(2, 10, 0.5), -math.Log10(56.0/1024))
	f("what is expected", binomial(95, 100, 0.95), 0)
	f("nothing of nothing", binomial(0, 0, 0.95), 0)
	f("no event of 10", poisson(0, 10), 10/math.Ln10)
	f("at most one event of 10", poisson(1, 10), -math.Log10(11*math.Exp(-10)))
	f("two events or more of 1", poisson(2, 1), -math.Log10(1-2*math.Exp(-1)))
	if got := binomial(9000, 10000, 0.95); math.IsInf(got, 0) || got < 80 || got > 120 {
		t.Errorf("9,000 of 10,000 at 0.95 = %v, want about 100", got)
	}
	if got := poisson(10_000_000, 1000); math.IsNaN(got) || got < 1e6 {
		t.Errorf("a flood = %v, want very much", got)
	}
}
