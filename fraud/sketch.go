package fraud

import (
	"math"
	"math/bits"
)

// sketch counts different things without keeping them: linear counting with a bit for each of 256 values of their hash.
// It is right to some five percent up to about 500, and says at most some 1,400.
type sketch [4]uint64

const sketchBits = 256

func (s *sketch) add(hash uint64) { s[hash>>6&3] |= 1 << (hash & 63) }

// count returns about how many different hashes were added.
func (s *sketch) count() float64 {
	ones := 0
	for _, word := range s {
		ones += bits.OnesCount64(word)
	}
	empty := max(float64(sketchBits-ones), 1)
	return math.Round(-sketchBits * math.Log(empty/sketchBits))
}
