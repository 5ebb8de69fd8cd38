package gatewaysim

import "time"

// result is one way an attempt ends: the provider's code and text, and the HTTP status the gateway logs for it.
type result struct {
	weight             float64
	code, sub, message string
	status             int
	kind               kind
}

// kind is what a result means to the gateway that logs it.
type kind int

const (
	approved kind = iota
	pending
	declined
	failed
)

// provider is one payment provider as the gateways use it.
type provider struct {
	// name is how the Node gateway calls it, ifCode how the Java gateway does.
	name, ifCode string
	weight       float64
	java         bool
	methods      []string
	currencies   []string
	// median and sigma shape the log-normal latency of its answers.
	median time.Duration
	sigma  float64
	// amount is the median amount in major units.
	amount  float64
	results []result
}

// isoResults are answers of card acquirers (ISO 8583 field 39).
func isoResults(approvedWeight float64) []result {
	return []result{
		{approvedWeight, "00", "", "approved", 200, approved},
		{3.4, "51", "", "insufficient funds", 402, declined},
		{1.6, "05", "", "do not honour", 402, declined},
		{0.7, "54", "", "expired card", 402, declined},
		{0.4, "14", "", "invalid card number", 402, declined},
		{0.3, "59", "", "suspected fraud", 402, declined},
		{0.3, "65", "", "activity limit exceeded", 402, declined},
		{0.15, "91", "", "issuer unavailable", 502, failed},
	}
}

// providers is the gateway's table of providers. The weights of results are per cent; healthy shares of approved
// payments are 92 to 96.
func providers() []provider {
	cards := []string{"USD", "USD", "EUR", "EUR", "GBP", "HKD", "JPY"}
	return []provider{
		{"alipay", "alipay", 28, true, []string{"ALI_QR", "ALI_BAR", "ALI_WAP", "ALI_APP"}, []string{"CNY"}, 260 * time.Millisecond, 0.45, 86, []result{
			{94.3, "10000", "", "Success", 200, approved},
			{2.0, "10003", "", "等待用户付款", 200, pending},
			{2.2, "40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH", "买家余额不足", 200, declined},
			{0.9, "40004", "ACQ.PAYMENT_AUTH_CODE_INVALID", "支付失败，获取顾客账户信息失败", 200, declined},
			{0.4, "40004", "ACQ.TRADE_HAS_SUCCESS", "交易已被支付", 200, declined},
			{0.1, "20000", "isp.unknow-error", "系统繁忙", 200, failed},
		}},
		{IncidentProvider, "wxpay", 30, true, []string{"WX_JSAPI", "WX_NATIVE", "WX_BAR", "WX_APP", "WX_H5"}, []string{"CNY"}, 310 * time.Millisecond, 0.5, 64, []result{
			{95.1, "SUCCESS", "", "支付成功", 200, approved},
			{1.4, "USERPAYING", "", "用户支付中，需要输入密码", 200, pending},
			{2.4, "NOTENOUGH", "", "余额不足", 200, declined},
			{0.4, "ORDERPAID", "", "订单已支付", 200, declined},
			{0.4, "PARAM_ERROR", "", "参数错误", 400, declined},
			{0.15, "SYSTEM_ERROR", "", "系统异常，请用相同参数重新调用", 500, failed},
		}},
		{"unionpay", "unionpay", 10, true, []string{"UP_QR", "UP_APP", "UP_B2C"}, []string{"CNY"}, 620 * time.Millisecond, 0.5, 210, []result{
			{93.6, "00", "", "成功", 200, approved},
			{1.1, "70", "", "交易待持卡人确认", 200, pending},
			{2.8, "64", "", "卡上的余额不足", 200, declined},
			{1.2, "65", "", "输入的密码、有效期或CVN2有误", 200, declined},
			{0.8, "61", "", "输入的卡号无效", 200, declined},
		}},
		{"visa", "", 12, false, []string{"card"}, cards, 900 * time.Millisecond, 0.55, 58, isoResults(92.9)},
		{"mastercard", "", 8, false, []string{"card"}, cards, 840 * time.Millisecond, 0.55, 62, isoResults(93.1)},
		{"stripe", "", 7, false, []string{"card", "card", "apple_pay", "google_pay"}, []string{"USD", "EUR", "GBP"}, 720 * time.Millisecond, 0.5, 49, []result{
			{94.2, "", "", "succeeded", 200, approved},
			{2.4, "insufficient_funds", "", "Your card has insufficient funds.", 402, declined},
			{1.3, "do_not_honor", "", "Your card was declined.", 402, declined},
			{0.7, "expired_card", "", "Your card has expired.", 402, declined},
			{0.6, "incorrect_cvc", "", "Your card's security code is incorrect.", 402, declined},
			{0.3, "fraudulent", "", "Your card was declined.", 402, declined},
			{0.15, "processing_error", "", "An error occurred while processing your card.", 402, failed},
		}},
		{"paypal", "", 5, false, []string{"wallet"}, []string{"USD", "EUR"}, 1100 * time.Millisecond, 0.5, 44, []result{
			{95.2, "COMPLETED", "", "COMPLETED", 201, approved},
			{3.0, "INSTRUMENT_DECLINED", "", "The instrument presented was declined.", 422, declined},
			{1.2, "PAYER_ACTION_REQUIRED", "", "Payer needs to perform the following action.", 422, pending},
			{0.2, "ORDER_ALREADY_CAPTURED", "", "Order already captured.", 422, declined},
			{0.15, "INTERNAL_SERVER_ERROR", "", "An internal server error has occurred.", 500, failed},
		}},
	}
}

// What the provider of the incident answers instead: mostly its system error, else nothing until the time-out.
const (
	incidentErrorShare   = 0.58
	incidentTimeoutShare = 0.31
	// providerTimeout is how long the Java gateway waits.
	providerTimeout = 10 * time.Second
)

func incidentError() result {
	return result{1, "SYSTEM_ERROR", "", "系统异常，请用相同参数重新调用", 500, failed}
}

func incidentTimeout() result {
	return result{1, "TIMEOUT", "", "请求超时: Read timed out", 504, failed}
}

// closedOrder is what the provider says of an order that it never took.
func (p *provider) closedOrder() result {
	if p.name == "alipay" {
		return result{1, "40004", "ACQ.TRADE_NOT_EXIST", "交易不存在", 200, declined}
	}
	return result{1, "ORDER_CLOSED", "", "订单已关闭", 200, declined}
}

// firstRefusal is the provider's most frequent way to decline.
func (p *provider) firstRefusal() result {
	for _, r := range p.results {
		if r.kind == declined {
			return r
		}
	}
	return p.closedOrder()
}
