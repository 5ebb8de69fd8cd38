package collect

import (
	"math/rand/v2"
	"time"
)

// breakerTolerance is how many failures in a row are asked again at the usual pace.
const breakerTolerance = 3

// breaker makes what fails again and again be asked ever more rarely, so that a server in trouble is not troubled more.
// The zero breaker lets through.
type breaker struct {
	failures int
	until    time.Time
}

// resting tells whether to leave it alone at now.
func (b *breaker) resting(now time.Time) bool { return now.Before(b.until) }

// worked ends the rest.
func (b *breaker) worked() { *b = breaker{} }

// failed notes a failure at now. From the third in a row on the pause doubles, from pace up to longest; a fifth more or
// less, so that many agents do not come back at once.
func (b *breaker) failed(now time.Time, pace, longest time.Duration) {
	b.failures++
	if b.failures < breakerTolerance {
		return
	}
	pause := longest
	if doublings := b.failures - breakerTolerance + 1; doublings < 16 {
		pause = min(pace<<doublings, longest)
	}
	b.until = now.Add(time.Duration(float64(pause) * (0.8 + 0.4*rand.Float64())))
}
