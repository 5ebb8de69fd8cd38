package fraud

import (
	"bytes"
	"strings"

	"gatewatch/event"
)

// cardless are providers whose payments are no cards of a scheme with programmes.
var cardless = set("alipay", "wechatpay", "unionpay", "klarna", "affirm", "afterpay", "amex", "jcb", "discover", "diners")

// schemeOf returns the scheme by the digits that the card begins with (ISO 7812 ranges as the schemes publish them), by who was
// asked, or by the method: Adyen's mc.
func schemeOf(ev *event.Event) scheme {
	p := &ev.Payment
	if digits := leading(ev.Fact(event.Card)); len(digits) >= 4 {
		switch head := digits[:4]; {
		case head[0] == '4':
			return visa
		case string(head[:2]) >= "51" && string(head[:2]) <= "55", string(head) >= "2221" && string(head) <= "2720":
			return mastercard
		}
		return otherScheme
	}
	switch {
	case p.Provider == "visa" || strings.HasPrefix(p.Method, "visa"):
		return visa
	case p.Provider == "mastercard" || p.Method == "mc" || strings.HasPrefix(p.Method, "mastercard"):
		return mastercard
	case cardless[p.Provider]:
		return otherScheme
	}
	switch p.Method {
	case "", "card", "credit", "debit", "credit_card", "debit_card":
		return noScheme
	}
	return otherScheme
}

// labelOf returns a merchant as it stands in labels.
func labelOf(merchant []byte) string {
	return strings.ToValidUTF8(string(merchant[:min(len(merchant), maxLabel)]), "")
}

// casePrefixes are what the numbers of disputes and of fraud warnings begin with, at Stripe and PayPal.
var casePrefixes = [...][]byte{[]byte(`"dp_`), []byte(`"du_`), []byte(`"issfr_`), []byte(`"PP-D-`), []byte(`=dp_`), []byte(`=du_`)}

// caseIn finds the number of a case in a record that names it by a field of any kind, or nil.
func caseIn(raw []byte) []byte {
	for _, prefix := range casePrefixes {
		_, after, found := bytes.Cut(raw, prefix)
		if !found {
			continue
		}
		end := bytes.IndexAny(after, "\" ,&}")
		if end < 0 {
			end = len(after)
		}
		return after[:min(end, maxLabel)]
	}
	return nil
}
