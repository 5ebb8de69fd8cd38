package parse

import (
	"bytes"
	"net/netip"

	"gatewatch/event"
)

// accepts tells whether value can be the fact k. A field whose value cannot stays a field, so that a name that means
// something else in one gateway does no harm. Times, durations and levels are read elsewhere.
func accepts(k event.Key, value []byte) bool {
	switch k {
	case event.Message, event.ErrorStack, event.ErrorMessage:
		return len(value) > 0
	case event.SourceIP:
		return isAddress(value)
	case event.HTTPMethod:
		return isHTTPMethod(value)
	case event.HTTPStatus:
		_, ok := statusCode(value)
		return ok
	case event.BodyBytes, event.Attempt:
		return len(value) <= 18 && allDigits(value)
	case event.Method:
		// With a dot it is the name of an interface: Alipay's method=alipay.trade.pay.
		return !isHTTPMethod(value) && !isAbsent(value) && bytes.IndexByte(value, '.') < 0
	}
	return !isAbsent(value)
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

// statusCode reads an HTTP status code.
func statusCode(value []byte) (int, bool) {
	if len(value) != 3 || !allDigits(value) || value[0] < '1' || value[0] > '5' {
		return 0, false
	}
	return int(value[0]-'0')*100 + int(value[1]-'0')*10 + int(value[2]-'0'), true
}

func isHTTPMethod(value []byte) bool {
	switch string(value) {
	case "GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE",
		"get", "post", "put", "head", "delete", "patch", "options":
		return true
	}
	return false
}

// isAddress tells whether value is an IP address that Elasticsearch takes.
func isAddress(value []byte) bool {
	if len(value) > 45 {
		return false
	}
	if isIPv4(value) {
		return true
	}
	if bytes.IndexByte(value, ':') < 0 || bytes.IndexByte(value, '%') >= 0 {
		return false
	}
	_, err := netip.ParseAddr(string(value))
	return err == nil
}

func isIPv4(value []byte) bool {
	parts, number, digits := 0, 0, 0
	for _, c := range value {
		switch {
		case c == '.' && digits > 0:
			parts++
			number, digits = 0, 0
		case isDigit(c) && digits < 3 && (digits == 0 || number > 0):
			number = number*10 + int(c-'0')
			digits++
		default:
			return false
		}
		if number > 255 {
			return false
		}
	}
	return parts == 3 && digits > 0
}
