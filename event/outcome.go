package event

import (
	"encoding/json"
	"fmt"
)

// Outcome classes the result of a payment attempt. The technical classes count against the provider or us; the
// others are decisions of a customer, an issuer or a risk system.
type Outcome uint8

// The outcome classes.
const (
	// OutcomeNone: the record is not the result of an attempt.
	OutcomeNone Outcome = iota
	// Approved: the money moves.
	Approved
	// Pending: not final yet, the customer or the provider still works on it.
	Pending
	// Customer: the customer cannot or will not pay (no funds, wrong code, expired card, closed by the payer).
	Customer
	// IssuerPolicy: the issuer or the wallet declines without a fault of the customer's input.
	IssuerPolicy
	// Fraud: declined as stolen, lost, suspected or by a risk rule.
	Fraud
	// Data: the request was wrong in content.
	Data
	// Duplicate: the same payment was already made.
	Duplicate
	// ProviderDown: the provider answered that it, its acquirer or the issuer cannot work now.
	ProviderDown
	// UnknownOutcome: nobody knows whether the money moved (time-out, system error on pay): query, then cancel.
	UnknownOutcome
	// MerchantConfig: our keys, certificates, permissions or set-up are wrong.
	MerchantConfig
	// Throttled: the provider says that we call too often.
	Throttled
	// Unclassed: the provider answered with a code that the table does not have.
	Unclassed

	outcomeCount
)

var outcomeNames = [outcomeCount]string{
	"", "approved", "pending", "customer", "issuer_policy", "fraud", "data", "duplicate",
	"provider_down", "unknown_outcome", "merchant_config", "throttled", "unclassed",
}

// String returns the class's name as it stands in metrics and documents, or "" for OutcomeNone.
func (o Outcome) String() string { return outcomeNames[o] }

// UnmarshalJSON reads the class's number. It returns an error for one that there is not, as of a newer version.
func (o *Outcome) UnmarshalJSON(text []byte) error {
	var n uint8
	if err := json.Unmarshal(text, &n); err != nil {
		return err
	}
	if n >= uint8(outcomeCount) {
		return fmt.Errorf("outcome class %d is not known", n)
	}
	*o = Outcome(n)
	return nil
}

// ParseOutcome returns the class with that name, or false.
func ParseOutcome(name string) (Outcome, bool) {
	for i, n := range outcomeNames {
		if n == name && name != "" {
			return Outcome(i), true
		}
	}
	return OutcomeNone, false
}

// Technical tells whether the class counts against the provider or us, not against the customer or the issuer.
func (o Outcome) Technical() bool {
	switch o {
	case ProviderDown, UnknownOutcome, MerchantConfig, Throttled:
		return true
	}
	return false
}

// ECS returns the ECS event.outcome of the class: "success", "failure" or "unknown".
func (o Outcome) ECS() string {
	switch o {
	case Approved:
		return "success"
	case OutcomeNone, Pending, UnknownOutcome, Unclassed:
		return "unknown"
	}
	return "failure"
}
