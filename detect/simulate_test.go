package detect_test

import (
	"math"
	"math/rand/v2"
	"time"

	"gatewatch/detect"
)

// shop is a made-up payment provider, minute by minute. Its evenings are busy, its nights and weekends quiet, and how
// busy an hour is and how many payments succeed varies by more than chance.
type shop struct {
	random  *rand.Rand
	start   time.Time
	perHour float64 // attempts of an average hour
	// change alters what is expected in a minute: attempts, the part that succeeds, and the latency.
	change func(minute int, attempts, success, latency *float64)

	attempts, approved [5]float64 // of the last minutes
	mood               float64    // of the hour
}

func newShop(seed uint64, perHour float64) *shop {
	return &shop{random: rand.New(rand.NewPCG(seed, 1)), start: time.Unix(1_800_000_000, 0), perHour: perHour}
}

// next returns the observations at the end of a minute: success rate, attempts and median latency over 5 minutes.
func (s *shop) next(minute int) (success, attempts, latency detect.Observation) {
	at := s.start.Add(time.Duration(minute) * time.Minute)
	if minute%60 == 0 {
		s.mood = s.random.NormFloat64()
	}
	hour := float64(at.Unix()%86400) / 3600
	busy := 1 + 0.8*math.Sin((hour-14)/24*2*math.Pi)
	if day := at.UTC().Weekday(); day == time.Saturday || day == time.Sunday {
		busy *= 0.6
	}
	mean, good, slow := s.perHour/60*busy*math.Exp(0.1*s.mood), 0.95+0.005*s.mood, 0.8+0.2*busy
	if s.change != nil {
		s.change(minute, &mean, &good, &slow)
	}
	n := s.poisson(mean)
	k := 0.0
	for range int(n) {
		if s.random.Float64() < good {
			k++
		}
	}
	s.attempts[minute%5], s.approved[minute%5] = n, k
	all, ok := 0.0, 0.0
	for i := range s.attempts {
		all += s.attempts[i]
		ok += s.approved[i]
	}
	wobble := math.Exp(0.05 * s.random.NormFloat64())
	return detect.Observation{Time: at, Value: ok, Total: all}, detect.Observation{Time: at, Value: all}, detect.Observation{Time: at, Value: slow * wobble}
}

// poisson draws by counting arrivals, or for many by the normal distribution.
func (s *shop) poisson(mean float64) float64 {
	if mean > 200 {
		return max(0, math.Round(mean+math.Sqrt(mean)*s.random.NormFloat64()))
	}
	n, p := 0.0, s.random.Float64()
	for limit := math.Exp(-mean); p > limit; n++ {
		p *= s.random.Float64()
	}
	return n
}
