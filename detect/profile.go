package detect

import (
	"math"
	"time"
)

const (
	day  = 24
	week = 7 * day
	// profileHours is how far back a profile looks.
	profileHours = 5 * week
	// hourMost bounds the observations of one hour that its median is taken of.
	hourMost = 120
	// weeksLeast and daysLeast are how many earlier ones an expectation needs: with one alone, last week's incident
	// would be this week's expectation.
	weeksLeast, daysLeast = 2, 3
	daysMost              = 10
)

// Basis says what an expectation rests on, the better the higher.
type Basis uint8

const (
	// NoBasis is too little history: nothing is expected, nothing scored.
	NoBasis Basis = iota
	// RecentLevel is the level of the last hour.
	RecentLevel
	// HourOfDay is the same hour of the days before.
	HourOfDay
	// HourOfWeek is the same hour of the weeks before.
	HourOfWeek
)

// profile is what each hour of the last weeks was like. What is usual for an hour is the median over the same hours of
// earlier weeks, or days, so that a single incident changes nothing.
type profile struct {
	Latest  int64     // hour since 1970 that is being filled
	Values  []float32 // ring by hour
	Weights []float32 // 0: unknown
	// The hour that is being filled.
	Open          []float32
	Sum, SumTotal float64
	Count         float64
}

// learn adds an observation: a value, or of rates the share and the number that it is a share of.
func (p *profile) learn(v, total float64) {
	if len(p.Open) < hourMost {
		p.Open = append(p.Open, float32(v))
	}
	p.Count++
	p.Sum += v * total
	p.SumTotal += total
}

// advance closes the hours before t's. It returns the value of the last one closed, false when none was.
func (p *profile) advance(t time.Time, weighted bool) (hour int64, value float64, closed bool) {
	now := t.Unix() / 3600
	if p.Values == nil {
		p.Values, p.Weights, p.Latest = make([]float32, profileHours), make([]float32, profileHours), now
	}
	if now <= p.Latest {
		return 0, 0, false
	}
	hour = p.Latest
	i := hour % profileHours
	p.Values[i], p.Weights[i] = 0, 0
	if p.Count > 0 && (!weighted || p.SumTotal > 0) {
		value, closed = median(p.Open), true
		p.Weights[i] = 1
		if weighted {
			value = p.Sum / p.SumTotal
			p.Weights[i] = float32(p.SumTotal / p.Count)
		}
		p.Values[i] = float32(value)
	}
	for h := max(hour+1, now-profileHours); h < now; h++ {
		p.Weights[h%profileHours] = 0
	}
	p.Latest, p.Open, p.Sum, p.SumTotal, p.Count = now, p.Open[:0], 0, 0, 0
	return hour, value, closed
}

// expect returns what is usual at t, between the middle of its hour and that of the hour it is nearer to, and the weight
// behind it. The basis is NoBasis when the profile does not know.
func (p *profile) expect(t time.Time) (value, weight float64, basis Basis) {
	hour := t.Unix() / 3600
	value, weight, basis = p.usualAt(hour)
	part := float64(t.Unix()%3600)/3600 - 0.5
	neighbour := hour + 1
	if part < 0 {
		neighbour, part = hour-1, -part
	}
	if other, _, same := p.usualAt(neighbour); same == basis && basis != NoBasis {
		value += (other - value) * part
	}
	return value, weight, basis
}

// usualAt returns what is usual for an hour, by the best basis there is.
func (p *profile) usualAt(hour int64) (value, weight float64, basis Basis) {
	if v, w, n := p.usual(hour, week, profileHours/week); n >= weeksLeast {
		return v, w, HourOfWeek
	}
	if v, w, n := p.usual(hour, day, daysMost); n >= daysLeast {
		return v, w, HourOfDay
	}
	return math.NaN(), 0, NoBasis
}

// usual returns the median of the hours that lie steps before hour, their weight together, and how many they are.
func (p *profile) usual(hour int64, step, most int) (value, weight float64, n int) {
	var buffer [daysMost]float32
	found := buffer[:0]
	for i := 1; i <= most; i++ {
		h := hour - int64(i*step)
		if h < 0 || h >= p.Latest || h <= p.Latest-profileHours {
			continue
		}
		if w := p.Weights[h%profileHours]; w > 0 {
			found = append(found, p.Values[h%profileHours])
			weight += float64(w)
		}
	}
	return median(found), weight, len(found)
}
