package payment

import "strings"

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
	// dispute is what happens to it afterwards.
	dispute = "dispute"
	// fraudReport says that the card's holder or issuer reported a payment as fraud.
	fraudReport = "fraud_report"
)

// Operations returns the names of all operations.
func Operations() []string {
	return []string{authorize, capture, refund, void, query, callback, payout, chargeback, dispute, fraudReport}
}

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
	if about := disputeEvent(raw); about.operation != "" {
		return about.operation
	}
	for _, w := range operationWords {
		if strings.Contains(name, w.word) {
			return w.operation
		}
	}
	return ""
}
