package gatewaysim

import (
	"encoding/json"
	"fmt"
	"time"
)

// The levels of pino.
const (
	pinoDebug = 20
	pinoInfo  = 30
	pinoWarn  = 40
	pinoError = 50
)

// pinoLine is one line of the Node.js gateway, with the members in pino's order.
type pinoLine struct {
	Level     int      `json:"level"`
	Time      int64    `json:"time"`
	PID       int      `json:"pid"`
	Hostname  string   `json:"hostname"`
	ReqID     string   `json:"reqId"`
	TraceID   string   `json:"trace_id"`
	Merchant  string   `json:"merchant_id,omitempty"`
	OrderID   string   `json:"order_id,omitempty"`
	Provider  string   `json:"provider,omitempty"`
	Method    string   `json:"method,omitempty"`
	Operation string   `json:"operation,omitempty"`
	Tx        string   `json:"transaction_id,omitempty"`
	Attempt   int      `json:"attempt,omitempty"`
	Amount    int64    `json:"amount,omitempty"`
	Currency  string   `json:"currency,omitempty"`
	Status    string   `json:"status,omitempty"`
	Code      string   `json:"code,omitempty"`
	HTTP      int      `json:"http_status,omitempty"`
	LatencyMS *float64 `json:"latency_ms,omitempty"`
	Card      string   `json:"card_number,omitempty"`
	CVV       string   `json:"cvv,omitempty"`
	Msg       string   `json:"msg"`
}

func (a *attempt) pino(level int, at time.Time, msg string) pinoLine {
	return pinoLine{
		Level: level, Time: at.UnixMilli(), PID: 2217, Hostname: "pay-node-1", ReqID: fmt.Sprintf("req-%x", a.number),
		TraceID: a.traceID(), Msg: msg,
	}
}

// nodeResult is the line that says how an attempt ended.
func (a *attempt) nodeResult(operation string) pinoLine {
	l := a.pino(pinoInfo, a.at, "payment "+a.result.message)
	l.Status = "succeeded"
	switch a.result.kind {
	case pending:
		l.Status = "pending"
	case declined:
		l.Level, l.Status = pinoWarn, "declined"
	case failed:
		l.Level, l.Status = pinoError, "failed"
	}
	ms := float64(a.latency.Microseconds()) / 1e3
	l.Merchant, l.OrderID = fmt.Sprintf("m_%d", 1001+a.merchant), a.orderID()
	if a.result.kind == approved {
		l.Tx = a.transaction()
	}
	l.Attempt = a.try
	l.Provider, l.Method, l.Operation = a.provider.name, a.method, operation
	l.Amount, l.Currency, l.Code, l.HTTP, l.LatencyMS = a.amount, a.currency, a.result.code, a.result.status, &ms
	return l
}

func (a *attempt) orderID() string { return fmt.Sprintf("ord_%d", a.order) }

// webhook is what the provider's notice about a payment leaves.
func (a *attempt) webhook() pinoLine {
	l := a.pino(pinoInfo, a.at, "webhook handled")
	l.Merchant, l.OrderID, l.Tx = fmt.Sprintf("m_%d", 1001+a.merchant), a.orderID(), a.transaction()
	l.Provider, l.Operation, l.Amount, l.Currency, l.Status = a.provider.name, "callback", a.amount, a.currency, "succeeded"
	return l
}

// nodeDebug is the debug line somebody forgot: it has a card in it.
func (a *attempt) nodeDebug(card, cvv string) pinoLine {
	l := a.pino(pinoDebug, a.at, "3-D Secure enrolment request for card "+card)
	l.OrderID, l.Card, l.CVV = a.orderID(), card, cvv
	return l
}

// appendTo adds the line to a file's pending text.
func (l pinoLine) appendTo(f *logFile) error {
	// Strings and numbers always encode.
	line, err := json.Marshal(l)
	if err != nil {
		return err
	}
	f.pending.Write(line)
	return f.pending.WriteByte('\n')
}
