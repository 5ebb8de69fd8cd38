package values

import (
	"bytes"
	"net/netip"
)

// StatusCode reads an HTTP status code; false when value is none.
func StatusCode(value []byte) (int, bool) {
	if len(value) != 3 || !AllDigits(value) || value[0] < '1' || value[0] > '5' {
		return 0, false
	}
	return int(value[0]-'0')*100 + int(value[1]-'0')*10 + int(value[2]-'0'), true
}

// IsHTTPMethod tells whether value is the method of an HTTP request, in capitals or in small letters.
func IsHTTPMethod(value []byte) bool {
	switch string(value) {
	case "GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE",
		"get", "post", "put", "head", "delete", "patch", "options":
		return true
	}
	return false
}

// IsAddress tells whether value is an IP address that Elasticsearch takes.
func IsAddress(value []byte) bool {
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
