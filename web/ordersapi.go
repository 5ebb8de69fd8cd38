package web

import (
	"math"
	"net/http"
	"time"
)

// apiError is an error in the form of Prometheus' API.
type apiError struct {
	Status    string `json:"status"`
	ErrorType string `json:"errorType"`
	Error     string `json:"error"`
}

// ordersAnswer is what /api/v1/orders gives.
type ordersAnswer struct {
	Status   string        `json:"status"`
	Success  []rateJSON    `json:"success"`
	Waiting  []waitingJSON `json:"waiting"`
	Findings []findingJSON `json:"findings"`
}

// rateJSON is a success rate of the last hour, by attempts or by orders; null when nothing was decided.
type rateJSON struct {
	By       string   `json:"by"`
	Approved float64  `json:"approved"`
	Decided  float64  `json:"decided"`
	Ratio    *float64 `json:"ratio"`
}

type waitingJSON struct {
	Provider      string  `json:"provider"`
	Orders        float64 `json:"orders"`
	Stuck         float64 `json:"stuck"`
	OldestSeconds float64 `json:"oldest_seconds"`
}

// findingJSON has its amount in minor units.
type findingJSON struct {
	Kind            string    `json:"kind"`
	Time            time.Time `json:"time"`
	Order           string    `json:"order_id,omitempty"`
	Provider        string    `json:"provider"`
	Transaction     string    `json:"transaction_id,omitempty"`
	Earlier         string    `json:"earlier_transaction_id,omitempty"`
	EarlierProvider string    `json:"earlier_provider,omitempty"`
	Amount          int64     `json:"amount,omitempty"`
	Currency        string    `json:"currency,omitempty"`
	Rule            string    `json:"rule,omitempty"`
}

// apiOrders answers /api/v1/orders with what the page of orders shows, all findings that are kept, newest first.
func (s *server) apiOrders(w http.ResponseWriter, r *http.Request) {
	rates, waiting, err := s.orderFigures(r.Context())
	if err != nil {
		s.writeJSON(w, r, http.StatusServiceUnavailable, apiError{"error", "unavailable", s.failed(r.Context(), "series", err)})
		return
	}
	answer := ordersAnswer{Status: "success", Success: []rateJSON{}, Waiting: []waitingJSON{}, Findings: []findingJSON{}}
	for _, one := range rates {
		rate := rateJSON{By: one.Kind, Approved: one.Approved(), Decided: one.Decided()}
		if !math.IsNaN(one.Success) {
			rate.Ratio = &one.Success
		}
		answer.Success = append(answer.Success, rate)
	}
	for _, one := range waiting {
		answer.Waiting = append(answer.Waiting, waitingJSON{one.Provider, one.Waiting, one.Stuck, one.Since})
	}
	for _, f := range s.orders() {
		answer.Findings = append(answer.Findings, findingJSON(f))
	}
	s.writeJSON(w, r, http.StatusOK, answer)
}
