package detect

import "math"

// chanceTerms bounds how many terms of a sum are added up. Beyond it they make the probability larger by too little to
// matter, for the surprises that are told.
const chanceTerms = 10_000

// binomial returns -log10 of the probability of k successes of n, or of more extreme ones on the same side, when each
// succeeds with probability p.
func binomial(k, n, p float64) float64 {
	k, n = math.Round(k), math.Round(n)
	k = min(k, n)
	if n <= 0 || k == math.Round(n*p) {
		return 0
	}
	if k > n*p { // as many failures
		k, p = n-k, 1-p
	}
	logTerm := lgamma(n+1) - lgamma(k+1) - lgamma(n-k+1) + k*math.Log(p) + (n-k)*math.Log1p(-p)
	return upTo(logTerm, k, func(j float64) float64 { return j / (n - j + 1) * (1 - p) / p })
}

// poisson returns -log10 of the probability of k events, or of more extreme numbers on the same side, where mean are
// expected.
func poisson(k, mean float64) float64 {
	k = math.Round(k)
	logTerm := k*math.Log(mean) - mean - lgamma(k+1)
	if k <= mean {
		return upTo(logTerm, k, func(j float64) float64 { return j / mean })
	}
	sum, term := 1.0, 1.0
	for i := 1.0; i < chanceTerms && term > sum*1e-9; i++ {
		term *= mean / (k + i)
		sum += term
	}
	return -(logTerm + math.Log(sum)) / math.Ln10
}

// upTo adds the terms of k, k-1 … 0; ratio(j) is the term of j-1 by that of j.
func upTo(logTerm, k float64, ratio func(j float64) float64) float64 {
	sum, term := 1.0, 1.0
	for j := k; j > 0 && k-j < chanceTerms && term > sum*1e-9; j-- {
		term *= ratio(j)
		sum += term
	}
	return max(0, -(logTerm+math.Log(sum))/math.Ln10)
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}
