package intents

import (
	"strings"
	"time"
)

// scheme is the card scheme whose rules a card is under.
type scheme string

const (
	visa       scheme = "visa"
	mastercard scheme = "mastercard"
)

// The schemes' rules, as they are named in payment_forbidden_retries_total and in findings. What the numbers are is public
// only through acquirers; the sources are theirs.
const (
	// visaNever: Visa's category 1, "issuer will never approve": no reattempt.
	// https://developers.getevolved.com/enterprise/docs/visas-processing-integrity-fee-program
	// https://www.checkout.com/docs/developer-resources/codes/visa-response-codes
	visaNever = "visa_category_1"
	// visaReattempts: Visa's categories 2 to 4 (all other declines): 15 reattempts within 30 days, for one amount, until one is
	// approved; 20 where Visa's change of 2025 holds. Config.VisaReattempts is the number.
	// 15: https://developer.worldpay.com/products/access/reference/response-codes/scheme-codes/
	// 20: https://developers.tabapay.com/docs/excessive-retry-rules
	// 20: https://docs.cielo.com.br/ecommerce-cielo-en/changelog/new-limit-for-visa-retries-starting-may-25-2025
	visaReattempts = "visa_reattempts_30d"
	// mastercardNever and mastercardStop: merchant advice codes 03, do not try again, and 21, recurring payment cancelled: not
	// within 30 days for the same card and amount.
	// https://help.maast.com/help/mastercards-decline-code-grouping-and-mac
	// https://retries.com/guides/transaction-processing-excellence
	mastercardNever = "mastercard_advice_03"
	mastercardStop  = "mastercard_advice_21"
	// mastercardWait: merchant advice codes 24 to 30 say how long to wait.
	// https://developer.paypal.com/braintree/docs/reference/general/merchant-responses/merchant-advice-codes
	// https://docs.everonet.com/en-us/gateway/developer-portal/appendix/mastercard-merchant-advice-code
	mastercardWait = "mastercard_advice_wait"
	// mastercardDay: Mastercard's programme on excessive attempts: a decline after 10 declines of one card at one merchant
	// within 24 hours, whatever the amount.
	// https://retries.com/guides/transaction-processing-excellence
	// https://developers.tabapay.com/docs/excessive-retry-rules
	mastercardDay = "mastercard_attempts_24h"
	// mastercardMonth: the same programme: a decline after 35 declines of one card and amount at one merchant within 30 days.
	// https://developers.tabapay.com/docs/mastercard-1
	// https://developer.paypal.com/braintree/articles/risk-and-security/compliance/network-updates/2023/mastercard-f23
	mastercardMonth = "mastercard_attempts_30d"
)

// schemeRules are the rules of each scheme.
var schemeRules = map[scheme][]string{
	visa:       {visaNever, visaReattempts},
	mastercard: {mastercardNever, mastercardStop, mastercardWait, mastercardDay, mastercardMonth},
}

const (
	// schemeWindow is how far back the schemes look.
	schemeWindow = 30 * 24 * time.Hour
	// mastercardDaily and mastercardMonthly are how many declines Mastercard lets pass.
	mastercardDaily, mastercardMonthly = 10, 35
)

// visaCategory1 are the response codes of Visa's category 1. The sources are those of visaNever. Acquirers do not agree on 14, which
// some count to category 3 (but do not let be tried again), nor on 57, which is in category 1 again since October 2026:
// https://www.checkout.com/merchant-communications/changes-to-visa-response-codes
var visaCategory1 = map[string]bool{
	"04": true, "07": true, "12": true, "14": true, "15": true, "41": true, "43": true, "46": true, "57": true,
	"R0": true, "R1": true, "R3": true,
}

// ban is what a decline says about trying again.
type ban struct {
	rule string // "" forbids nothing
	wait time.Duration
}

// mastercardAdvice are the merchant advice codes that forbid something. 01 (new account information), 02 (try again later),
// 04 and 22 (token, product) forbid nothing that a fee is charged for, and 40 to 43 say what kind of card it is (prepaid,
// virtual for one use, sanctions score, virtual).
var mastercardAdvice = map[string]ban{
	"03": {mastercardNever, schemeWindow}, "21": {mastercardStop, schemeWindow},
	"24": {mastercardWait, time.Hour}, "25": {mastercardWait, 24 * time.Hour}, "26": {mastercardWait, 2 * 24 * time.Hour},
	"27": {mastercardWait, 4 * 24 * time.Hour}, "28": {mastercardWait, 6 * 24 * time.Hour}, "29": {mastercardWait, 8 * 24 * time.Hour},
	"30": {mastercardWait, 10 * 24 * time.Hour},
}

// schemeOf returns the scheme of the attempt's card by the digits that its number begins with, else by who was asked; "" is one
// without rules that are known here. Source of the ranges: ISO 7812 ranges as the schemes publish them.
func schemeOf(ob *observation) scheme {
	switch head := leading(ob.card); {
	case strings.HasPrefix(head, "4"):
		return visa
	case len(head) >= 4 && (head[:2] >= "51" && head[:2] <= "55" || head[:4] >= "2221" && head[:4] <= "2720"):
		return mastercard
	case len(head) >= 4:
		return ""
	}
	if s := scheme(ob.provider); s == visa || s == mastercard {
		return s
	}
	return ""
}

// leading returns the digits that a masked number begins with.
func leading(card string) string {
	for i := range len(card) {
		if card[i] < '0' || card[i] > '9' {
			return card[:i]
		}
	}
	return card
}

// networkCode returns the two characters with which the scheme declined the attempt, or "" when the record does not say.
func networkCode(ob *observation) string {
	if ob.network != "" {
		return twoOf(ob.network) // Adyen's "05 : Do not honor" too
	}
	switch ob.provider {
	case "visa", "mastercard":
		return twoOf(ob.code)
	case "worldpay": // without a leading zero
		return twoOf(ob.code)
	case "checkout": // 20051 is 51
		if len(ob.code) == 5 {
			return twoOf(ob.code[3:])
		}
	}
	return ""
}

// twoOf returns the code of two characters that text begins with, in upper case; "" when it does not.
func twoOf(text string) string {
	text = strings.ToUpper(strings.TrimSpace(text))
	end := strings.IndexFunc(text, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z') })
	if end >= 0 {
		text = text[:end]
	}
	switch {
	case len(text) == 1 && text[0] <= '9':
		return "0" + text
	case len(text) == 2:
		return text
	}
	return ""
}

// banOf says what the refused attempt forbids.
func banOf(s scheme, ob *observation) ban {
	switch s {
	case visa:
		if visaCategory1[networkCode(ob)] {
			return ban{visaNever, schemeWindow}
		}
	case mastercard:
		return mastercardAdvice[twoOf(ob.advice)]
	}
	return ban{}
}
