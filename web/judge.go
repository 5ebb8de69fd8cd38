package web

import "gatewatch/event"

// state is how well something is. Larger is worse.
type state int

const (
	well state = iota
	worse
	failing
)

// String returns the name of the style class.
func (s state) String() string { return [...]string{"ok", "warn", "bad"}[s] }

// Whose fault it is. declines is nobody's: customers and issuers say no more often than usual. An alert may also blame
// the network.
const (
	theirs   = "provider"
	ours     = "us"
	declines = "customer"
)

// The limits of the page's own judgement, which colours a row before and beside the alert rules.
const (
	// minDecided and minFailed keep it silent on a handful of attempts.
	minDecided, minFailed = 10, 3
	// confidence is in standard deviations: 99 %, two-sided.
	confidence = 2.576
	// A success rate is worse or failing when it is surely this far below the usual one.
	worseBy, failingBy = 0.01, 0.10
	// Without a usual rate the share of technical failures decides.
	worseTechnical, failingTechnical = 0.02, 0.10
	// With so many technical failures a provider is not well even if that is usual.
	alwaysWorse, alwaysFailing = 0.10, 0.30
)

// judge says how well a provider is from its attempts now and usually, and whose fault it is when it is not well.
func judge(now, usual *counts) (state, string) {
	if now.decided() < minDecided || now.failed() < minFailed {
		return well, ""
	}
	least, _ := wilson(now.theirs()+now.ours(), now.decided(), confidence)
	s := grade(least, alwaysWorse, alwaysFailing)
	if usual.decided() >= minDecided {
		_, most := wilson(now[event.Approved], now.decided(), confidence)
		s = max(s, grade(usual.success()-most, worseBy, failingBy))
	} else {
		s = grade(least, worseTechnical, failingTechnical)
	}
	if s == well {
		return well, ""
	}
	return s, side(now, usual)
}

func grade(v, worseAt, failingAt float64) state {
	switch {
	case v > failingAt:
		return failing
	case v > worseAt:
		return worse
	}
	return well
}

// side returns whose share of failures grew most.
func side(now, usual *counts) string {
	grown := func(part func(*counts) float64) float64 {
		g := part(now) / now.decided()
		if d := usual.decided(); d > 0 {
			g -= part(usual) / d
		}
		return g
	}
	t, o, d := grown((*counts).theirs), grown((*counts).ours), grown((*counts).declined)
	switch {
	case t >= o && t >= d:
		return theirs
	case o >= d:
		return ours
	}
	return declines
}
