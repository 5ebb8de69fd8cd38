package payment_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"gatewatch/event"
	"gatewatch/payment"
)

// facts is what a record says, by the name of the fact; http is the HTTP status.
type facts map[string]string

func newEvent(t testing.TB, f facts) *event.Event {
	t.Helper()
	ev := &event.Event{Duration: -1}
	for name, value := range f {
		if name == "http" {
			fmt.Sscan(value, &ev.Status)
			continue
		}
		field := name
		if key, fieldName, ok := strings.Cut(name, "/"); ok {
			name, field = key, fieldName
		}
		key, ok := event.ParseKey(name)
		if !ok {
			t.Fatalf("no fact %q", name)
		}
		ev.SetFact(key, []byte(value))
		ev.Fields = append(ev.Fields, event.Field{Key: key, Name: []byte(field), Value: []byte(value)})
	}
	return ev
}

func newClassifier(t testing.TB) *payment.Classifier {
	t.Helper()
	c, err := payment.New("")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	c := newClassifier(t)
	f := func(record facts, want event.Outcome, code string) {
		t.Helper()
		ev := newEvent(t, record)
		c.Classify(ev)
		if ev.Payment.Outcome != want || ev.Payment.Code != code {
			t.Errorf("Classify(%v) = %v, %q, want %v, %q", record, ev.Payment.Outcome, ev.Payment.Code, want, code)
		}
	}

	// The load generator's lines.
	for _, provider := range []string{"stripe", "adyen", "alipay", "wechatpay", "unionpay", "paypal", "worldpay", "checkout"} {
		f(facts{"provider": provider, "status": "ok", "http": "200"}, event.Approved, "")
		f(facts{"provider": provider, "status": "timeout", "http": "504"}, event.UnknownOutcome, "timeout")
		code := ""
		switch provider {
		case "paypal":
			code = "DECLINED"
		case "checkout":
			code = "Declined"
		}
		f(facts{"provider": provider, "status": "declined", "http": "402"}, event.IssuerPolicy, code)
	}

	// The sub code decides before the code.
	f(facts{"provider": "alipay", "code": "10000"}, event.Approved, "10000")
	f(facts{"provider": "alipay", "code": "10003"}, event.Pending, "10003")
	f(facts{"provider": "alipay", "code": "40004", "sub_code": "ACQ.TRADE_HAS_SUCCESS"}, event.Duplicate, "ACQ.TRADE_HAS_SUCCESS")
	f(facts{"provider": "alipay", "code": "40004", "sub_code": "ACQ.BUYER_BALANCE_NOT_ENOUGH"}, event.Customer, "ACQ.BUYER_BALANCE_NOT_ENOUGH")
	f(facts{"provider": "alipay", "code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}, event.UnknownOutcome, "ACQ.SYSTEM_ERROR")
	f(facts{"provider": "alipay", "code": "20000", "sub_code": "isp.unknow-error"}, event.ProviderDown, "isp.unknow-error")
	f(facts{"provider": "alipay", "code": "40002", "sub_code": "isv.invalid-signature"}, event.MerchantConfig, "isv.invalid-signature")
	f(facts{"provider": "alipay", "code": "40004", "sub_code": "ACQ.BRAND_NEW"}, event.Unclassed, "ACQ.BRAND_NEW")
	f(facts{"provider": "alipay", "code": "40004"}, event.Unclassed, "40004")
	f(facts{"provider": "alipay", "code": "40005"}, event.Throttled, "40005")
	f(facts{"provider": "alipay", "code": "10000", "status": "WAIT_BUYER_PAY"}, event.Pending, "WAIT_BUYER_PAY")
	f(facts{"provider": "alipay", "code": "10000", "status": "TRADE_SUCCESS"}, event.Approved, "10000")
	f(facts{"provider": "alipay", "status": "TRADE_CLOSED"}, event.Customer, "TRADE_CLOSED")

	// WeChat Pay v2 and v3.
	f(facts{"provider": "wechatpay", "status": "SUCCESS"}, event.Approved, "SUCCESS")
	f(facts{"provider": "wechatpay", "status": "SUCCESS", "code": "FAIL"}, event.Unclassed, "")
	f(facts{"provider": "wechatpay", "status": "SUCCESS", "code": "NOTENOUGH"}, event.Customer, "NOTENOUGH")
	f(facts{"provider": "wechatpay", "status": "SUCCESS", "code": "SUCCESS"}, event.Approved, "SUCCESS")
	f(facts{"provider": "wechatpay", "status": "USERPAYING", "code": "SUCCESS"}, event.Pending, "USERPAYING")
	f(facts{"provider": "wechatpay", "code": "SYSTEMERROR", "http": "200"}, event.UnknownOutcome, "SYSTEMERROR")
	f(facts{"provider": "wechatpay", "code": "SYSTEM_ERROR", "http": "500"}, event.UnknownOutcome, "SYSTEM_ERROR")
	f(facts{"provider": "wechatpay", "code": "RATELIMIT_EXCEED", "http": "429"}, event.Throttled, "RATELIMIT_EXCEED")
	f(facts{"provider": "wechatpay", "code": "TIMEOUT", "http": "504"}, event.UnknownOutcome, "timeout")
	f(facts{"provider": "wechatpay", "code": "OUT_TRADE_NO_USED"}, event.Duplicate, "OUT_TRADE_NO_USED")

	// The same two digits mean different things.
	f(facts{"provider": "unionpay", "code": "05"}, event.UnknownOutcome, "05")
	f(facts{"provider": "visa", "code": "05"}, event.IssuerPolicy, "05")
	f(facts{"provider": "unionpay", "code": "00"}, event.Approved, "00")
	for _, scheme := range []string{"visa", "mastercard", "amex", "jcb", "discover", "diners"} {
		for code, want := range map[string]event.Outcome{
			"00": event.Approved, "51": event.Customer, "54": event.Customer, "55": event.Customer, "57": event.IssuerPolicy,
			"61": event.IssuerPolicy, "62": event.IssuerPolicy, "65": event.IssuerPolicy, "41": event.Fraud, "43": event.Fraud, "59": event.Fraud,
			"63": event.Fraud, "12": event.Data, "13": event.Data, "14": event.Data, "30": event.Data, "94": event.Duplicate,
			"91": event.ProviderDown, "92": event.ProviderDown, "96": event.ProviderDown, "68": event.UnknownOutcome,
			"03": event.MerchantConfig, "58": event.MerchantConfig, "88": event.MerchantConfig,
		} {
			f(facts{"provider": scheme, "code": code, "http": "200"}, want, code)
		}
	}

	// Stripe, PayPal, Adyen.
	for code, want := range map[string]event.Outcome{
		"api_error": event.ProviderDown, "issuer_not_available": event.ProviderDown, "api_key_expired": event.MerchantConfig,
		"rate_limit": event.Throttled, "lock_timeout": event.Throttled, "insufficient_funds": event.Customer, "do_not_honor": event.IssuerPolicy,
		"fraudulent": event.Fraud, "idempotency_error": event.Duplicate, "duplicate_transaction": event.Duplicate, "parameter_invalid_empty": event.Data,
	} {
		f(facts{"provider": "stripe", "code": code, "status": "failed", "http": "402"}, want, code)
	}
	f(facts{"provider": "stripe", "status": "requires_payment_method"}, event.OutcomeNone, "")
	f(facts{"provider": "stripe", "status": "requires_payment_method", "code": "expired_card"}, event.Customer, "expired_card")
	f(facts{"provider": "stripe", "status": "requires_capture"}, event.Approved, "requires_capture")
	f(facts{"provider": "paypal", "code": "INSTRUMENT_DECLINED", "http": "422"}, event.IssuerPolicy, "INSTRUMENT_DECLINED")
	f(facts{"provider": "paypal", "code": "PAYER_ACTION_REQUIRED", "http": "422"}, event.Pending, "PAYER_ACTION_REQUIRED")
	f(facts{"provider": "paypal", "status": "CREATED", "http": "201"}, event.OutcomeNone, "")
	f(facts{"provider": "adyen", "status": "Refused", "http": "200"}, event.IssuerPolicy, "Refused")
	f(facts{"provider": "adyen", "status": "Refused", "code": "20", "http": "200"}, event.Fraud, "20")
	f(facts{"provider": "adyen", "status": "Authorised", "code": "0", "http": "200"}, event.Approved, "0")
	f(facts{"provider": "adyen", "status": "Error", "code": "4", "http": "200"}, event.ProviderDown, "4")
	f(facts{"provider": "adyen", "status": "AUTHORISED"}, event.Approved, "Authorised")

	// Codes that no table has.
	f(facts{"provider": "stripe", "code": "brand_new_reason", "status": "failed", "http": "402"}, event.Unclassed, "brand_new_reason")
	f(facts{"provider": "stripe", "code": "P0001", "status": "succeeded"}, event.Approved, "succeeded")
	f(facts{"provider": "stripe", "code": "0", "status": "failed", "http": "500"}, event.ProviderDown, "")
	f(facts{"provider": "stripe", "code": "504"}, event.UnknownOutcome, "timeout")
	f(facts{"provider": "worldpay", "code": "20051", "status": "failed"}, event.Unclassed, "20051")
	f(facts{"provider": "nuvei", "code": "20051", "status": "failed"}, event.Unclassed, "")

	// Failed, without a reason.
	f(facts{"provider": "checkout", "status": "failed", "http": "503"}, event.ProviderDown, "")
	f(facts{"provider": "checkout", "status": "failed", "http": "200"}, event.Unclassed, "")
	f(facts{"provider": "checkout", "status": "失败", "error.message": "java.net.SocketTimeoutException: Read timed out"}, event.UnknownOutcome, "timeout")
	f(facts{"provider": "checkout", "status": "failed", "error.message": "connect ECONNREFUSED 10.0.0.1:443"}, event.ProviderDown, "")
	f(facts{"provider": "checkout", "error.message": "read ECONNRESET", "operation": "query"}, event.ProviderDown, "")
	f(facts{"provider": "checkout", "status": "请求超时"}, event.UnknownOutcome, "timeout")
	f(facts{"provider": "checkout", "status": "insufficient_funds"}, event.Customer, "")

	// The HTTP status alone.
	for status, want := range map[string]event.Outcome{
		"429": event.Throttled, "401": event.MerchantConfig, "403": event.MerchantConfig, "500": event.ProviderDown, "502": event.ProviderDown,
		"504": event.UnknownOutcome, "408": event.UnknownOutcome, "402": event.IssuerPolicy, "422": event.Data, "200": event.OutcomeNone, "301": event.OutcomeNone,
	} {
		code := ""
		if want == event.UnknownOutcome {
			code = "timeout"
		}
		f(facts{"provider": "worldpay", "http": status}, want, code)
	}
	f(facts{"provider": "worldpay", "http": "200", "operation": "capture"}, event.Approved, "")
	f(facts{"provider": "worldpay", "http": "200", "operation": "query"}, event.OutcomeNone, "")

	// Not the result of an attempt.
	for _, status := range []string{"START", "request", "created", "开始"} {
		f(facts{"provider": "stripe", "status": status, "operation": "pay"}, event.OutcomeNone, "")
	}
	f(facts{"provider": "stripe"}, event.OutcomeNone, "")
	f(facts{"status": "succeeded", "http": "500"}, event.OutcomeNone, "")
}

func TestNames(t *testing.T) {
	t.Parallel()
	c := newClassifier(t)
	provider := func(raw, want string) {
		t.Helper()
		ev := newEvent(t, facts{"provider": raw})
		c.Classify(ev)
		if ev.Payment.Provider != want {
			t.Errorf("provider %q = %q, want %q", raw, ev.Payment.Provider, want)
		}
	}
	for want, names := range map[string]string{
		"wechatpay":  "wxpay wechat weixin tenpay WX_NATIVE WX_JSAPI 微信 微信支付 WeChatPay wechat_pay wx_lite WxpayV3 wechatpay",
		"alipay":     "ali ALI_QR ALI_BAR 支付宝 Alipay alipay_cn AlipayConnector ALIPAY_TEST",
		"unionpay":   "upacp unionpay 银联 chinapay UP_QR YSF_BAR 云闪付 union-pay",
		"mastercard": "mc MasterCard", "visa": "VISA", "stripe": "Stripe stripe_connector", "paypal": "PP_PC PayPal paypal-gateway",
		"adyen": "Adyen AdyenPlatform", "checkout": "checkout checkout.com", "worldpay": "WorldPay", "authorizedotnet": "authorizedotnet",
		"newpay": "NewPay", "applepay": "apple_pay",
	} {
		for _, name := range strings.Fields(names) {
			provider(name, want)
		}
	}
	provider("American Express", "amex")
	provider("Some New Thing", "some_new_thing")
	provider(strings.Repeat("x", 100), strings.Repeat("x", 40))

	other := func(fact, raw string, get func(event.Payment) string, want string) {
		t.Helper()
		ev := newEvent(t, facts{fact: raw})
		c.Classify(ev)
		if got := get(ev.Payment); got != want {
			t.Errorf("%s %q = %q, want %q", fact, raw, got, want)
		}
	}
	method := func(p event.Payment) string { return p.Method }
	operation := func(p event.Payment) string { return p.Operation }
	currency := func(p event.Payment) string { return p.Currency }
	for raw, want := range map[string]string{
		"card": "card", "CREDIT_CARD": "card", "WX_NATIVE": "qr", "ALI_QR": "qr", "WX_JSAPI": "jsapi", "ALI_BAR": "barcode", "WX_LITE": "mini_program",
		"apple_pay": "apple_pay", "ApplePay": "apple_pay", "bank_transfer": "bank_transfer", "扫码支付": "qr", "MWEB": "h5", "Pix": "pix", "WX_FACE": "face",
	} {
		other("method", raw, method, want)
	}
	for raw, want := range map[string]string{
		"pay": "authorize", "authorize": "authorize", "PaymentsAuthorize": "authorize", "alipay.trade.pay": "authorize", "unifiedorder": "authorize",
		"capture": "capture", "PaymentsCapture": "capture", "refund": "refund", "alipay.trade.refund": "refund", "refund_query": "query",
		"void": "void", "cancel": "void", "alipay.trade.query": "query", "PSync": "query", "payment_notify": "callback", "webhook": "callback",
		"payout": "payout", "transfer": "payout", "退款": "refund", "支付": "authorize", "01": "authorize", "04": "refund", "login": "",
	} {
		other("operation", raw, operation, want)
	}
	for raw, want := range map[string]string{"cny": "CNY", "RMB": "CNY", "156": "CNY", "usd": "USD", "840": "USD", "HKD": "HKD", "dollars": "", "12": ""} {
		other("currency", raw, currency, want)
	}

	for message, want := range map[string]string{
		"收到支付回调 ifCode=wxpay": "callback", "退款成功 orderId=1": "refund", "下单成功 payOrderId=1": "", "refund accepted": "", "": "",
	} {
		ev := newEvent(t, facts{"provider": "wxpay", "message": message})
		c.Classify(ev)
		if ev.Payment.Operation != want {
			t.Errorf("operation of message %q = %q, want %q", message, ev.Payment.Operation, want)
		}
	}

	ev := newEvent(t, facts{"method": "WX_JSAPI", "status": "success"})
	c.Classify(ev)
	if p := ev.Payment; p.Provider != "wechatpay" || p.Outcome != event.Approved {
		t.Errorf("a way code alone gives %+v, want an approved attempt of wechatpay", p)
	}
}

func TestAmount(t *testing.T) {
	t.Parallel()
	c := newClassifier(t)
	f := func(field, value, currency string, want int64) {
		t.Helper()
		ev := newEvent(t, facts{"amount/" + field: value, "currency": currency})
		c.Classify(ev)
		if p := ev.Payment; !p.HasAmount || p.Amount != want {
			t.Errorf("amount %s=%s %s = %d, %v, want %d", field, value, currency, p.Amount, p.HasAmount, want)
		}
	}
	f("amount", "1250", "USD", 1250)
	f("amount", "12.50", "USD", 1250)
	f("amount", "12.5", "usd", 1250)
	f("amount", "1250", "JPY", 1250)
	f("amount", "1250.00", "JPY", 1250)
	f("amount", "1.2345", "KWD", 1235)
	f("amount", "0.01", "CNY", 1)
	f("amount", "0.005", "CNY", 1)
	f("amount", "1,234.50", "USD", 123450)
	f("amount", "¥12.50", "", 1250)
	f("amount", "12元", "CNY", 1200)
	f("amount", "1250分", "CNY", 1250)
	f("amount", "12.50 EUR", "EUR", 1250)
	f("amount", "-5.00", "USD", -500)
	f("total_fee", "100", "CNY", 100)
	f("txnAmt", "100", "156", 100)
	f("total_amount", "88", "CNY", 8800)
	f("total_amount", "88.80", "CNY", 8880)
	f("reqJSON.total_amount", "88", "CNY", 8800)
	f("total_amount.amount", "88", "CNY", 88)
	for _, value := range []string{"", "abc", "1.2.3", "99999999999999999999", ".5", "--1", "1e5", "12.5x"} {
		ev := newEvent(t, facts{"amount": value, "currency": "USD"})
		c.Classify(ev)
		if ev.Payment.HasAmount {
			t.Errorf("amount %q = %d, want none", value, ev.Payment.Amount)
		}
	}
	ev := newEvent(t, facts{"provider": "wxpay", "amount": "100"})
	c.Classify(ev)
	if ev.Payment.Currency != "CNY" {
		t.Errorf("currency of an amount of WeChat Pay = %q, want CNY", ev.Payment.Currency)
	}
}

func TestLogger(t *testing.T) {
	t.Parallel()
	c := newClassifier(t)
	f := func(record facts, provider, operation string) {
		t.Helper()
		ev := newEvent(t, record)
		c.Classify(ev)
		if p := ev.Payment; p.Provider != provider || p.Operation != operation {
			t.Errorf("Classify(%v) = provider %q, operation %q, want %q, %q", record, p.Provider, p.Operation, provider, operation)
		}
	}
	f(facts{"log.logger": "c.j.j.p.c.wxpay.WxpayPaymentService"}, "wechatpay", "authorize")
	f(facts{"log.logger": "com.jeequan.jeepay.pay.channel.alipay.AlipayRefundService"}, "alipay", "refund")
	f(facts{"log.logger": "YsfpayPayOrderQueryService"}, "unionpay", "query")
	f(facts{"log.logger": "c.j.j.p.c.alipay.AlipayChannelNoticeService"}, "alipay", "callback")
	f(facts{"log.logger": "AlipayPaymentService", "provider": "stripe"}, "stripe", "")
	f(facts{"log.logger": "AlipayPaymentService", "method": "WX_JSAPI"}, "wechatpay", "")
	f(facts{"log.logger": "AlipayPaymentService", "operation": "refund"}, "alipay", "refund")
	for _, logger := range []string{"c.p.g.channel.ChannelPayService", "CheckoutService", "Alipay", "alipayment", "c.j.alipay", ""} {
		f(facts{"log.logger": logger}, "", "")
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	c := newClassifier(t)
	providers, codes, methods := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range 3000 {
		ev := newEvent(t, facts{"provider": fmt.Sprintf("new%d", i), "method": fmt.Sprintf("way%d", i)})
		c.Classify(ev)
		providers[ev.Payment.Provider], methods[ev.Payment.Method] = true, true
		ev = newEvent(t, facts{"provider": "stripe", "code": fmt.Sprintf("code_%d", i)})
		c.Classify(ev)
		codes[ev.Payment.Code] = true
	}
	if len(providers) != 65 || !providers["other"] {
		t.Errorf("%d names of unknown providers, want 64 and other", len(providers))
	}
	if len(methods) != 65 || !methods["other"] {
		t.Errorf("%d names of unknown methods, want 64 and other", len(methods))
	}
	if len(codes) != 201 || !codes["other"] {
		t.Errorf("%d unknown codes, want 200 and other", len(codes))
	}
	ev := newEvent(t, facts{"provider": "stripe", "code": "insufficient_funds"})
	if c.Classify(ev); ev.Payment.Outcome != event.Customer {
		t.Errorf("a known code after many unknown ones = %v, want %v", ev.Payment.Outcome, event.Customer)
	}
}

func TestProviders(t *testing.T) {
	t.Parallel()
	seen := map[string]payment.Provider{}
	for _, p := range payment.Providers() {
		if p.Name == "" || p.English == "" || p.Chinese == "" || seen[p.Name].Name != "" {
			t.Errorf("provider %+v is incomplete or there twice", p)
		}
		seen[p.Name] = p
	}
	if p := seen["wechatpay"]; p.English != "WeChat Pay" || p.Chinese != "微信支付" {
		t.Errorf("wechatpay is shown as %+v, want WeChat Pay, 微信支付", p)
	}
}

func TestOverride(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "outcomes.yml")
	f := func(text, wantErr string) *payment.Classifier {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := payment.New(file)
		if got := fmt.Sprint(err); got != strings.ReplaceAll(wantErr, "FILE", file) {
			t.Errorf("New with %q: error %q, want %q", text, got, wantErr)
		}
		return c
	}
	c := f(`
providers:
  stripe:
    "do_not_honor": {class: fraud, note: here it mostly is, source: our own review}
    "acme_*": {class: data, source: our own review}
`, "<nil>")
	for code, want := range map[string]event.Outcome{"do_not_honor": event.Fraud, "ACME_17": event.Data, "expired_card": event.Customer} {
		ev := newEvent(t, facts{"provider": "stripe", "code": code})
		if c.Classify(ev); ev.Payment.Outcome != want {
			t.Errorf("overridden %s = %v, want %v", code, ev.Payment.Outcome, want)
		}
	}
	c = f("names: [newpay]\nproviders:\n  newpay:\n    \"E7\": {class: fraud}\n", "<nil>")
	ev := newEvent(t, facts{"provider": "NewPay", "code": "E7"})
	if c.Classify(ev); ev.Payment.Provider != "newpay" || ev.Payment.Outcome != event.Fraud || ev.Payment.Code != "E7" {
		t.Errorf("a code of a provider of one's own = %+v, want fraud", ev.Payment)
	}
	f("names: [New Pay]\nproviders: {}\n", "FILE:1: the name \"New Pay\" must be in lower case, without spaces, at most 40 bytes long")
	f("names: newpay\nproviders: {}\n", "FILE:1: names must be a list, as in [newpay]")
	f("providers:\n  stripe:\n    \"a\": {class: wrong, source: x}\n",
		`FILE:3: unknown class "wrong", want one of approved, pending, customer, issuer_policy, fraud, data, duplicate, provider_down, unknown_outcome, merchant_config, throttled, unclassed, none`)
	f("providers:\n  stripe:\n    \"a\": {class: data}\n    \"A\": {class: data}\n", `FILE:4: stripe: "A" is already in line 3`)
	f("providers:\n  stripes:\n    \"a\": {class: data}\n", `FILE:2: unknown provider "stripes"; one that Gatewatch does not know is listed first, as in names: [stripes]`)
	f("providers:\n  stripe: {}\n  visa, stripe: {}\n", `FILE:3: provider "stripe" is already in line 2`)
	f("providers:\n  stripe:\n    \"a\": {clas: data}\n", "FILE:3: code a: unknown key \"clas\", want class, note or source\nFILE:3: code a has no class")
	f("sources: {s: x}\nproviders:\n  stripe:\n    \"a\": {class: data, source: z}\n", `FILE:4: code a: "z" is not in the list of sources`)
	f("provider:\n  stripe: {}\n", "FILE:1: unknown key \"provider\", want sources, names or providers\nFILE:1: no providers")
	f("", "FILE: empty, want sources: and providers:")
	f("providers: [1]\n", "FILE:1: providers must be a mapping")
	if _, err := payment.New(file + ".none"); err == nil {
		t.Error("New with a missing file gives no error")
	}
}

// TestTable reads the table as its readers do: every row has a class, a note and a source.
func TestTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("outcomes.yml")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Sources   map[string]string
		Providers map[string]map[string]struct{ Class, Note, Source string }
	}
	if err := yaml.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for provider, codes := range table.Providers {
		for code, row := range codes {
			if row.Class == "" || row.Note == "" || table.Sources[row.Source] == "" {
				t.Errorf("%s %s: %+v lacks a class, a note or a source of the list", provider, code, row)
			}
			used[row.Source] = true
		}
	}
	for source := range table.Sources {
		if !used[source] {
			t.Errorf("source %s is not used", source)
		}
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	c := newClassifier(t)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				ev := newEvent(t, facts{"provider": fmt.Sprintf("new%d", i%80), "method": "card", "status": "ok"})
				if c.Classify(ev); ev.Payment.Outcome != event.Approved {
					t.Errorf("goroutine %d, record %d: %v, want %v", g, i, ev.Payment.Outcome, event.Approved)
				}
			}
		})
	}
	wg.Wait()
}

func TestNoAllocation(t *testing.T) {
	c := newClassifier(t)
	ev := newEvent(t, facts{"provider": "stripe", "method": "card", "status": "ok", "http": "200", "amount": "412345", "currency": "USD",
		"message": "charge authorized by provider"})
	c.Classify(ev)
	if n := testing.AllocsPerRun(100, func() {
		ev.Payment = event.Payment{}
		c.Classify(ev)
	}); n != 0 {
		t.Errorf("Classify allocates %v times for spellings seen before, want 0", n)
	}
}

func BenchmarkClassify(b *testing.B) {
	c := newClassifier(b)
	for name, f := range map[string]facts{
		"payment": {"provider": "stripe", "method": "card", "status": "ok", "http": "200", "amount": "412345", "currency": "USD", "message": "charge authorized by provider"},
		"other":   {"message": "connection opened", "log.level": "info"},
	} {
		ev := newEvent(b, f)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ev.Payment = event.Payment{}
				c.Classify(ev)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	dir := f.TempDir()
	f.Add("providers:\n  stripe:\n    \"a\": {class: data}\n")
	f.Add("sources: {a: b}\nproviders: {visa, amex: {\"00\": {class: none}}}")
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(dir, "outcomes.yml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := payment.New(file); err == nil && c == nil {
			t.Errorf("New with %q gives neither a classifier nor an error", text)
		}
	})
}
