package facts

import (
	"bytes"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// accepts tells whether value can be the fact k. A field whose value cannot stays a field, so that a name that means
// something else in one gateway does no harm. Times, durations and levels are read elsewhere.
func accepts(k event.Key, value []byte) bool {
	switch k {
	case event.Message, event.ErrorStack, event.ErrorMessage:
		return len(value) > 0
	case event.SourceIP:
		return values.IsAddress(value)
	case event.HTTPMethod:
		return values.IsHTTPMethod(value)
	case event.HTTPStatus:
		_, ok := values.StatusCode(value)
		return ok
	case event.BodyBytes, event.Attempt:
		return len(value) <= 18 && values.AllDigits(value)
	case event.CustomerKey:
		// All customers whose number is hidden would be one.
		return !isAbsent(value) && len(bytes.Trim(value, "*")) > 0
	case event.DisputeEvent:
		return isDisputeEvent(value)
	case event.Method:
		// With a dot it is the name of an interface: Alipay's method=alipay.trade.pay.
		return !values.IsHTTPMethod(value) && !isAbsent(value) && bytes.IndexByte(value, '.') < 0
	}
	return !isAbsent(value)
}

// disputeWords are parts of the names that providers give to what happens to disputed payments, however they write them.
var disputeWords = [...][]byte{
	[]byte("ispute"), []byte("ISPUTE"), []byte("hargeback"), []byte("HARGEBACK"), []byte("fraud_warning"), []byte("OF_FRAUD"), []byte("rbitration"), []byte("RBITRATION"),
}

// isDisputeEvent tells whether value is a name, as of events, with such a word.
func isDisputeEvent(value []byte) bool {
	const shortest, longest = len("dispute"), 64
	if len(value) < shortest || len(value) > longest || bytes.IndexByte(value, ' ') >= 0 {
		return false
	}
	for _, word := range disputeWords {
		if bytes.Contains(value, word) {
			return true
		}
	}
	return false
}

// isAbsent tells whether value says that there is none.
func isAbsent(value []byte) bool {
	if len(value) > len("undefined") {
		return false
	}
	switch string(value) {
	case "", "-", "null", "NULL", "nil", "<nil>", "None", "undefined":
		return true
	}
	return false
}
