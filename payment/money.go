package payment

import (
	"bytes"
	"math"
	"strings"
)

// exponents are the currencies whose minor unit is not a hundredth (ISO 4217).
var exponents = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0,
	"VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4,
}

// numericCurrencies are the ISO 4217 numbers that card schemes and UnionPay write.
var numericCurrencies = map[string]string{
	"156": "CNY", "840": "USD", "978": "EUR", "826": "GBP", "392": "JPY", "344": "HKD", "446": "MOP", "901": "TWD", "702": "SGD",
	"458": "MYR", "764": "THB", "410": "KRW", "036": "AUD", "36": "AUD", "124": "CAD", "554": "NZD", "756": "CHF", "752": "SEK",
	"578": "NOK", "208": "DKK", "643": "RUB", "356": "INR", "360": "IDR", "608": "PHP", "704": "VND", "784": "AED", "682": "SAR",
	"414": "KWD", "048": "BHD", "48": "BHD", "986": "BRL", "484": "MXN", "985": "PLN", "203": "CZK", "348": "HUF", "949": "TRY", "710": "ZAR",
}

// currencyNames are other ways to write a currency.
var currencyNames = map[string]string{
	"RMB": "CNY", "CNH": "CNY", "￥": "CNY", "¥": "CNY", "元": "CNY", "人民币": "CNY", "$": "USD", "€": "EUR", "£": "GBP", "HK$": "HKD",
}

// canonicalCurrency returns the ISO 4217 code, or "".
func canonicalCurrency(raw string) string {
	code := strings.ToUpper(strings.TrimSpace(raw))
	if c, ok := numericCurrencies[code]; ok {
		return c
	}
	if c, ok := currencyNames[code]; ok {
		return c
	}
	if len(code) != 3 {
		return ""
	}
	for i := range 3 {
		if code[i] < 'A' || code[i] > 'Z' {
			return ""
		}
	}
	return code
}

// Decimals returns how many digits after the point an amount in the currency has: 2 for CNY, 0 for JPY.
func Decimals(currency string) int {
	if e, ok := exponents[currency]; ok {
		return e
	}
	return 2
}

// homeCurrency is the currency of providers that leave it out when it is theirs.
func homeCurrency(provider string) string {
	switch provider {
	case "alipay", "wechatpay", "unionpay":
		return "CNY"
	}
	return ""
}

// majorNames are fields that hold major units also when the value has no decimal point: those of Alipay, and of amounts
// that say so.
var majorNames = [...]string{
	"total_amount", "totalamount", "buyer_pay_amount", "receipt_amount", "invoice_amount", "amount_major", "amountmajor", "amount_yuan", "amountyuan",
	"trans_amount", "transamount",
}

// minorUnits returns the amount that value says in minor units of the currency. A value with a decimal point is in major
// units; an integer is in minor units, as most interfaces and WeChat's total_fee, UnionPay's txnAmt and Stripe's amount
// have it, unless the field is one that holds major units.
func minorUnits(value, name []byte, currency string) (amount int64, ok bool) {
	value, unit := trimUnit(bytes.TrimSpace(value))
	negative := false
	if len(value) > 0 && value[0] == '-' {
		negative, value = true, value[1:]
	}
	whole, decimals, point := value, []byte(nil), false
	if i := bytes.IndexByte(value, '.'); i >= 0 {
		whole, decimals, point = value[:i], value[i+1:], true
	}
	n, ok := digits(0, whole)
	if !ok || len(whole) == 0 {
		return 0, false
	}
	if point || unit == major || unit == unsaid && isMajor(name) {
		if n, ok = scale(n, decimals, Decimals(currency)); !ok {
			return 0, false
		}
	}
	if negative {
		n = -n
	}
	return n, true
}

// scale moves the decimal point by places, and rounds what is beyond.
func scale(n int64, decimals []byte, places int) (int64, bool) {
	for i := range places {
		digit := []byte("0")
		if i < len(decimals) {
			digit = decimals[i : i+1]
		}
		var ok bool
		if n, ok = digits(n, digit); !ok {
			return 0, false
		}
	}
	if len(decimals) > places {
		if _, ok := digits(0, decimals[places:min(len(decimals), places+15)]); !ok {
			return 0, false
		}
		if decimals[places] >= '5' {
			n++
		}
	}
	return n, true
}

// digits appends decimal digits, and the commas between thousands, to n.
func digits(n int64, text []byte) (int64, bool) {
	for i, c := range text {
		if c == ',' && i > 0 && len(text)-i > 3 {
			continue
		}
		if c < '0' || c > '9' || n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

type unit uint8

const (
	unsaid unit = iota
	major
	minor
)

// trimUnit takes the currency sign or unit off a value: ¥12.50, 12.50元, 1250分, 12.50 CNY.
func trimUnit(value []byte) ([]byte, unit) {
	if n := len(value); n > 0 && value[0] <= '9' && value[0] != '$' && value[n-1]-'0' <= 9 {
		return value, unsaid
	}
	for _, sign := range []string{"HK$", "US$", "￥", "¥", "$", "€", "£"} {
		if rest, ok := bytes.CutPrefix(value, []byte(sign)); ok {
			return rest, major
		}
	}
	if rest, ok := bytes.CutSuffix(value, []byte("元")); ok {
		return rest, major
	}
	if rest, ok := bytes.CutSuffix(value, []byte("分")); ok {
		return rest, minor
	}
	if n := len(value); n > 4 && value[n-4] == ' ' && value[n-1] >= 'A' {
		return value[:n-4], major
	}
	return value, unsaid
}

// isMajor tells whether a field's name says that it holds major units. Of a name with dots the last part does.
func isMajor(name []byte) bool {
	name = name[bytes.LastIndexByte(name, '.')+1:]
	for _, m := range majorNames {
		if len(name) >= len(m) && bytes.EqualFold(name[len(name)-len(m):], []byte(m)) {
			return true
		}
	}
	return false
}
