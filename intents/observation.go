package intents

import (
	"bytes"

	"gatewatch/event"
)

// observation is what one record says about an order. It does not refer to the record.
type observation struct {
	key      string // of the order
	order    string
	at       int64 // milliseconds since 1970, by the log's clock
	provider string
	// operation and outcome as in event.Payment.
	operation string
	outcome   event.Outcome
	code      string
	// network is the scheme's response code, advice Mastercard's merchant advice code; "" when the record does not say.
	network, advice string
	amount          int64
	currency        string
	hasAmount       bool
	guessed         bool // the currency, which the record does not name
	transaction     string
	attempt         string
	merchant        string
	// card is the masked number, customer the key of who pays; "" when the record does not say.
	card, customer string
	signature      signature
}

// begins tells whether an order may be remembered from this record on: a refund or a query is about one from before.
func (ob *observation) begins() bool {
	return ob.operation == "" || ob.operation == "authorize" || ob.operation == "callback"
}

// signature is what a record says about the signature of a callback.
type signature uint8

const (
	signatureUnknown signature = iota
	signatureBad
	// signatureTest marks the wrong signatures that WeChat Pay sends on purpose: a gateway has to refuse them.
	signatureTest
)

// shortOrder is the length below which orders of different merchants may have the same number.
const shortOrder = 8

// maxText bounds what is copied from a record.
const maxText = 128

// observe reads the record. It is false when the record is not about an order.
func observe(ev *event.Event) (observation, bool) {
	id := ev.Fact(event.OrderID)
	p := &ev.Payment
	if len(id) == 0 || len(id) > maxText || p.Provider == "" {
		return observation{}, false
	}
	ob := observation{
		order: string(id), at: ev.Time.UnixMilli(), provider: p.Provider, operation: p.Operation, outcome: p.Outcome,
		code: p.Code, network: text(ev, event.NetworkCode), advice: text(ev, event.AdviceCode), amount: p.Amount, currency: p.Currency, hasAmount: p.HasAmount && p.Amount > 0,
		guessed:     len(ev.Fact(event.Currency)) == 0,
		transaction: text(ev, event.TransactionID), attempt: text(ev, event.Attempt), merchant: text(ev, event.Merchant),
		card: text(ev, event.Card), customer: text(ev, event.CustomerKey),
	}
	ob.key = ob.order
	if len(id) < shortOrder {
		ob.key = ob.merchant + "/" + ob.order
	}
	if p.Operation == "callback" {
		ob.signature = signatureOf(ev)
	}
	return ob, true
}

// text copies a fact.
func text(ev *event.Event, k event.Key) string {
	v := ev.Fact(k)
	return string(v[:min(len(v), maxText)])
}

// signTest marks the bad signatures that WeChat Pay sends to see whether they are refused.
// Source: WeChat Pay API v3, signature verification.
var signTest = []byte("WECHATPAY/SIGNTEST/")

// signatureTexts are what gateways write when a callback's signature is wrong, in lower case.
var signatureTexts = [][]byte{
	[]byte("验签失败"), []byte("签名错误"), []byte("签名验证失败"), []byte("invalid signature"), []byte("bad signature"), []byte("signature verification failed"),
	[]byte("signature mismatch"), []byte("signature invalid"), []byte("no signatures found matching"), []byte("verify sign fail"),
}

func signatureOf(ev *event.Event) signature {
	bad := ev.Payment.Outcome == event.MerchantConfig
	if !bad {
		lower := bytes.ToLower(ev.Raw[:min(len(ev.Raw), 4096)])
		for _, t := range signatureTexts {
			bad = bad || bytes.Contains(lower, t)
		}
	}
	switch {
	case ev.Payment.Provider == "wechatpay" && bytes.Contains(ev.Raw, signTest):
		return signatureTest
	case bad:
		return signatureBad
	}
	return signatureUnknown
}
