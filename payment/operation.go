package payment

import (
	"strings"
	"unicode/utf8"
)

// The operations, as event.Payment names them.
const (
	authorize = "authorize"
	capture   = "capture"
	refund    = "refund"
	void      = "void"
	query     = "query"
	callback  = "callback"
	payout    = "payout"
	// chargeback is a dispute that the provider tells of.
	chargeback = "chargeback"
)

// operationWords say which operation a name means: the first word that the cleaned name contains decides, so the more
// telling ones come first ("refund_query" is a query, "payment_notify" a callback).
var operationWords = [...]struct{ word, operation string }{
	{"chargeback", chargeback}, {"dispute", chargeback}, {"争议", chargeback}, {"调单", chargeback},
	{"notify", callback}, {"notification", callback}, {"callback", callback}, {"webhook", callback}, {"回调", callback}, {"通知", callback},
	{"query", query}, {"inquiry", query}, {"enquiry", query}, {"lookup", query}, {"psync", query}, {"rsync", query}, {"sync", query},
	{"retrieve", query}, {"status", query}, {"poll", query}, {"查询", query}, {"查单", query},
	{"refund", refund}, {"退款", refund}, {"退货", refund},
	{"void", void}, {"cancel", void}, {"revoke", void}, {"reverse", void}, {"reversal", void}, {"close", void}, {"撤销", void}, {"关单", void}, {"关闭", void}, {"冲正", void},
	{"payout", payout}, {"transfer", payout}, {"withdraw", payout}, {"disburse", payout}, {"代付", payout}, {"转账", payout}, {"提现", payout},
	{"capture", capture}, {"settle", capture}, {"请款", capture}, {"预授权完成", capture},
	{"auth", authorize}, {"pay", authorize}, {"charge", authorize}, {"purchase", authorize}, {"sale", authorize}, {"order", authorize},
	{"precreate", authorize}, {"confirm", authorize}, {"checkout", authorize}, {"debit", authorize}, {"consume", authorize}, {"createsession", authorize},
	{"支付", authorize}, {"下单", authorize}, {"付款", authorize}, {"扣款", authorize}, {"消费", authorize}, {"预授权", authorize}, {"收款", authorize},
}

// txnTypes are UnionPay's codes of operations.
var txnTypes = map[string]string{"01": authorize, "02": authorize, "03": capture, "04": refund, "31": void, "32": void, "33": void, "00": query, "12": payout}

// canonicalOperation returns the operation that a log's name for it means, or "".
func canonicalOperation(raw string) string {
	if op, ok := txnTypes[raw]; ok {
		return op
	}
	name := clean(raw)
	for _, w := range operationWords {
		if strings.Contains(name, w.word) {
			return w.operation
		}
	}
	return ""
}

// messageHead is how much of a message is searched for the operation.
const messageHead = 48

// messageOperation returns the operation that the beginning of a Chinese message names, when nothing else in the record
// does: 收到支付回调 …, 退款成功 …. English messages are sentences of any kind and decide nothing.
func (c *Classifier) messageOperation(message []byte) string {
	var buf [messageHead]byte
	wide := appendWide(buf[:0], message[:min(len(message), messageHead)])
	if len(wide) == 0 {
		return ""
	}
	return c.heads.get(wide)
}

// appendWide appends what of text is not ASCII, with a space where something is left out. Few texts remain of the many
// messages of a log, so that what they mean can be remembered.
func appendWide(dst, text []byte) []byte {
	for i, b := range text {
		if b < utf8.RuneSelf {
			continue
		}
		if len(dst) > 0 && text[i-1] < utf8.RuneSelf {
			dst = append(dst, ' ')
		}
		dst = append(dst, b)
	}
	return dst
}

// headOperation returns the operation that the Chinese words in head name.
func headOperation(head string) string {
	for _, w := range operationWords {
		if w.word[0] >= utf8.RuneSelf && w.operation != authorize && strings.Contains(head, w.word) {
			return w.operation
		}
	}
	return ""
}
