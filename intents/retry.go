package intents

import (
	"strings"

	"gatewatch/event"
)

// visaNever are the response codes of Visa's category 1: the issuer will never approve, so the same card must not be
// tried again. Source: Visa Core Rules, authorization reattempts, as acquirers publish them.
var visaNever = map[string]bool{
	"04": true, "07": true, "12": true, "14": true, "15": true, "41": true, "43": true, "46": true, "57": true,
	"R0": true, "R1": true, "R3": true,
}

// mastercardNever are Mastercard's merchant advice codes that say the same.
var mastercardNever = map[string]bool{"03": true, "21": true}

// The schemes' rules, as they are named in payment_forbidden_retries_total.
const (
	visaRule       = "visa_category_1"
	mastercardRule = "mastercard_advice"
)

// neverAgain says by which rule a refused attempt must not be repeated, or "".
func neverAgain(ob *observation) string {
	if ob.outcome == event.Approved || ob.outcome == event.Pending {
		return ""
	}
	switch code, sub := strings.ToUpper(ob.code), strings.ToUpper(ob.subCode); {
	case ob.provider == "visa" && visaNever[code]:
		return visaRule
	case ob.provider == "mastercard" && mastercardNever[sub]:
		return mastercardRule
	}
	return ""
}
