package facts_test

import (
	"strings"
	"testing"
	"time"

	"gatewatch/event"
	"gatewatch/facts"
	"gatewatch/parse"
)

var beijing = time.FixedZone("CST", 8*3600)

func newNames(t testing.TB, overrides map[string]string, loc *time.Location) *facts.Names {
	t.Helper()
	names, err := facts.NewNames(overrides, loc)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// assign parses a JSON record and finds its facts.
func assign(t *testing.T, names *facts.Names, record string) *event.Event {
	t.Helper()
	p, err := parse.New("json")
	if err != nil {
		t.Fatal(err)
	}
	ev := &event.Event{}
	ev.Reset()
	ev.Raw = []byte(record)
	p.Parse(ev)
	if ev.Malformed != "" {
		t.Fatalf("Parse(%s): %s", record, ev.Malformed)
	}
	names.Assign(ev)
	return ev
}

func TestNames(t *testing.T) {
	t.Parallel()
	names := newNames(t, nil, time.UTC)
	f := func(record string, k event.Key, want string) {
		t.Helper()
		if got := string(assign(t, names, record).Fact(k)); got != want {
			t.Errorf("%s: %s = %q, want %q", record, k, got, want)
		}
	}
	for _, name := range []string{"provider", "channel", "channel_code", "payChannel", "ifCode", "wayCode", "gateway", "connector", "psp", "PSP", "payment.provider", "Payment-Provider"} {
		f(`{"`+name+`":"x"}`, event.Provider, "x")
	}
	for _, name := range []string{"code", "result_code", "err_code", "respCode", "response_code", "refusalReasonCode", "decline_code", "error_code", "retCode"} {
		f(`{"`+name+`":"X1"}`, event.Code, "X1")
	}
	for _, name := range []string{"status", "result", "state", "trade_state", "trade_status", "return_code", "orderState"} {
		f(`{"`+name+`":"done"}`, event.Status, "done")
	}
	for _, name := range []string{"amount", "total_amount", "total_fee", "txnAmt", "money"} {
		f(`{"`+name+`":12.50}`, event.Amount, "12.50")
	}
	for _, name := range []string{"currency", "fee_type", "currencyCode"} {
		f(`{"`+name+`":"CNY"}`, event.Currency, "CNY")
	}
	for _, name := range []string{"order_id", "orderNo", "out_trade_no", "mchOrderNo", "merchant_order_id"} {
		f(`{"`+name+`":"O1"}`, event.OrderID, "O1")
	}
	for _, name := range []string{"transaction_id", "trade_no", "psp_reference", "queryId"} {
		f(`{"`+name+`":"T1"}`, event.TransactionID, "T1")
	}
	for _, name := range []string{"merchant", "mch_id", "mchNo", "merchant_id"} {
		f(`{"`+name+`":"M1"}`, event.Merchant, "M1")
	}
	for _, name := range []string{"method", "payment_method", "wayCode", "trade_type"} {
		f(`{"`+name+`":"card"}`, event.Method, "card")
	}
	for _, name := range []string{"operation", "action", "event", "api", "flow"} {
		f(`{"`+name+`":"refund"}`, event.Operation, "refund")
	}
	f(`{"attempt":2}`, event.Attempt, "2")
	f(`{"retry":1}`, event.Attempt, "1")
	f(`{"retry":true}`, event.Attempt, "")
	f(`{"subCode":"ACQ.X","code":"40004"}`, event.SubCode, "ACQ.X")

	// The most specific name wins, in whatever order they come.
	f(`{"code":"1","err_code":"2"}`, event.Code, "2")
	f(`{"err_code":"2","code":"1"}`, event.Code, "2")
	f(`{"code":"1","error":{"code":"card_declined","decline_code":"insufficient_funds"}}`, event.Code, "insufficient_funds")
	f(`{"wayCode":"WX_JSAPI","provider":"wx"}`, event.Provider, "wx")
	f(`{"wayCode":"WX_JSAPI","provider":"wx"}`, event.Method, "WX_JSAPI")
	f(`{"provider":"","channel":"alipay"}`, event.Provider, "alipay")
	f(`{"provider":null,"channel":"alipay"}`, event.Provider, "alipay")
	f(`{"return_code":"SUCCESS","result_code":"FAIL"}`, event.Status, "FAIL")

	// One name, several facts.
	f(`{"method":"POST"}`, event.HTTPMethod, "POST")
	f(`{"method":"POST"}`, event.Method, "")
	f(`{"method":"alipay.trade.pay"}`, event.Operation, "alipay.trade.pay")
	f(`{"status":502}`, event.HTTPStatus, "502")
	f(`{"status":502}`, event.Status, "")
	f(`{"status":"502","http_status":200}`, event.HTTPStatus, "200")
	f(`{"status":2}`, event.Status, "2")
	f(`{"res":{"statusCode":404}}`, event.HTTPStatus, "404")
	f(`{"res":{"statusCode":999}}`, event.HTTPStatus, "")

	// Nested objects: distinct names anywhere, plain ones in envelopes only.
	f(`{"x":{"y":{"out_trade_no":"O1"}}}`, event.OrderID, "O1")
	f(`{"alipay_trade_pay_response":{"code":"10000"}}`, event.Code, "10000")
	f(`{"country":{"code":"CN"}}`, event.Code, "")
	f(`{"billing":{"address":{"state":"CA"}}}`, event.Status, "")
	f(`{"resource":{"amount":{"total":100,"currency":"CNY"}}}`, event.Amount, "100")
	f(`{"details":[{"issue":"A"},{"issue":"B"}]}`, event.Code, "A")
	f(`{"user":{"message":"hi"}}`, event.Message, "")
	f(`{"order":{"time":"2020-01-01T00:00:00Z"}}`, event.Timestamp, "")
	f(`{"order":{"time":"2020-01-01T00:00:00Z"},"time":"2026-11-22T08:00:00Z"}`, event.Timestamp, "2026-11-22T08:00:00Z")
	f(`{"msg":"time=2020-01-01T00:00:00Z level=error"}`, event.Level, "")

	// Escapes are decoded, whatever cannot be the fact is left alone.
	f(`{"msg":"a\n\"b\" \u8d85\u65f6 \ud83d\ude00 \ud800 \/"}`, event.Message, "a\n\"b\" 超时 😀 \uFFFD /")
	f(`{"client_ip":"not an address"}`, event.SourceIP, "")
	f(`{"client_ip":"10.0.0.256"}`, event.SourceIP, "")
	f(`{"client_ip":"2001:db8::1"}`, event.SourceIP, "2001:db8::1")
	f(`{"client_ip":"fe80::1%eth0"}`, event.SourceIP, "")
	f(`{"channel":"null"}`, event.Provider, "")
}

func TestLevels(t *testing.T) {
	t.Parallel()
	names := newNames(t, nil, time.UTC)
	f := func(value, want string) {
		t.Helper()
		if got := string(assign(t, names, `{"level":`+value+`}`).Fact(event.Level)); got != want {
			t.Errorf("level %s = %q, want %q", value, got, want)
		}
	}
	for i, want := range []string{"trace", "debug", "info", "warn", "error", "fatal"} {
		f([]string{"10", "20", "30", "40", "50", "60"}[i], want)
		f(`"`+want+`"`, want)
		f(`"`+strings.ToUpper(want)+`"`, want)
	}
	for i, want := range []string{"fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"} {
		f([]string{"0", "1", "2", "3", "4", "5", "6", "7"}[i], want)
		f(`"`+[]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}[i]+`"`, want)
	}
	f(`"WARN+2"`, "warn")
	f(`"Information"`, "info")
	f(`"severe"`, "error")
	f(`"L7"`, "")
	f(`35`, "")
	f(`"a level that is much too long to be one"`, "")
}

func TestDurations(t *testing.T) {
	t.Parallel()
	names := newNames(t, nil, time.UTC)
	f := func(record string, want time.Duration) {
		t.Helper()
		if got := assign(t, names, record).Duration; got != want {
			t.Errorf("%s: duration %v, want %v", record, got, want)
		}
	}
	f(`{"latency_ms":12.5}`, 12500*time.Microsecond)
	f(`{"latencyMs":12}`, 12*time.Millisecond)
	f(`{"elapsed_us":1500}`, 1500*time.Microsecond)
	f(`{"duration_ns":1500}`, 1500)
	f(`{"took_s":2}`, 2*time.Second)
	f(`{"duration_seconds":0.25}`, 250*time.Millisecond)
	f(`{"cost":"12ms"}`, 12*time.Millisecond)
	f(`{"cost":"1.2s"}`, 1200*time.Millisecond)
	f(`{"cost":"1m30s"}`, 90*time.Second)
	f(`{"elapsed":"1.234567ms"}`, 1234567)
	f(`{"elapsed":"250µs"}`, 250*time.Microsecond)
	f(`{"耗时":"3秒"}`, 3*time.Second)
	f(`{"耗时":352}`, 352*time.Millisecond)
	f(`{"responseTime":1234}`, 1234*time.Millisecond)
	f(`{"request_time":"0.123"}`, 123*time.Millisecond)
	f(`{"requestTime":123}`, 123*time.Millisecond)
	f(`{"rt":35}`, 35*time.Millisecond)
	f(`{"duration":0.8}`, 800*time.Millisecond)
	f(`{"duration":1234567890}`, 1234567890)
	f(`{"event.duration":5}`, 5)
	f(`{"elapsed_ms":"12"}`, 12*time.Millisecond)
	f(`{"provider_latency_ms":7,"latency_ms":9}`, 7*time.Millisecond)
	f(`{"msg":"调用完成，耗时12ms"}`, 12*time.Millisecond)
	f(`{"msg":"调用完成：耗时12ms"}`, 12*time.Millisecond)
	f(`{"msg":"done cost=1.5s"}`, 1500*time.Millisecond)
	f(`{"latency_ms":-1}`, -1)
	f(`{"latency_ms":"fast"}`, -1)
	f(`{"latency_ms":1e30}`, -1)
	f(`{"cost":"12 apples"}`, -1)
	f(`{"msg":"nothing"}`, -1)
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	f := func(record string, overrides map[string]string, k event.Key, want string) {
		t.Helper()
		if got := string(assign(t, newNames(t, overrides, time.UTC), record).Fact(k)); got != want {
			t.Errorf("%s with %v: %s = %q, want %q", record, overrides, k, got, want)
		}
	}
	record := `{"provider":"internal","gw_name":"alipay","extra":{"route":"wx"},"method":"card","took_x":7}`
	f(record, nil, event.Provider, "internal")
	f(record, map[string]string{"provider": "gw_name"}, event.Provider, "alipay")
	f(record, map[string]string{"provider": "gwName"}, event.Provider, "alipay")
	f(record, map[string]string{"payment.provider": "extra.route"}, event.Provider, "wx")
	f(record, map[string]string{"provider": "route"}, event.Provider, "wx")
	f(record, map[string]string{"provider": "absent"}, event.Provider, "internal")
	f(record, map[string]string{"merchant": "provider"}, event.Merchant, "internal")
	f(record, map[string]string{"merchant": "provider"}, event.Provider, "")
	f(record, map[string]string{"provider": "method", "merchant": "method"}, event.Provider, "card")
	f(record, map[string]string{"provider": "method", "merchant": "method"}, event.Merchant, "card")
	f(record, map[string]string{"event.duration": "took_x"}, event.Duration, "7")
	f(`{"ts":"2026-11-22T08:00:00Z","at":"2026-11-22T09:00:00Z"}`, map[string]string{"@timestamp": "at"}, event.Timestamp, "2026-11-22T09:00:00Z")

	_, err := facts.NewNames(map[string]string{"colour": "c", "provider": " "}, time.UTC)
	if err == nil || !strings.HasPrefix(err.Error(), "colour: is not a known fact (known: @timestamp, ") ||
		!strings.HasSuffix(err.Error(), "\nprovider: needs the name of a field, or several with commas between") {
		t.Errorf("NewNames(unknown fact) = %v", err)
	}
}

// TestOverrideOfFormat overrides what the format itself knows.
func TestOverrideOfFormat(t *testing.T) {
	t.Parallel()
	names := newNames(t, map[string]string{"provider": "thread"}, time.UTC)
	p, _ := parse.New("logback")
	ev := &event.Event{}
	ev.Reset()
	ev.Raw = []byte("2026-11-22 08:00:00.123 INFO  [alipay-1] [c.e.App] - provider=wx paid")
	p.Parse(ev)
	names.Assign(ev)
	if got := string(ev.Fact(event.Provider)); got != "alipay-1" {
		t.Errorf("provider = %q, want alipay-1", got)
	}
}

// TestKeys checks that each fact has room, and that documents' own names are known.
func TestKeys(t *testing.T) {
	t.Parallel()
	names := newNames(t, nil, time.UTC)
	values := map[event.Key]string{
		event.Timestamp: "2026-11-22T08:00:00Z", event.Level: "info", event.SourceIP: "10.0.0.1", event.HTTPMethod: "GET",
		event.HTTPStatus: "200", event.BodyBytes: "1", event.Duration: "1", event.Attempt: "1", event.DisputeEvent: "charge.dispute.created",
	}
	for _, k := range event.Keys() {
		want := values[k]
		if want == "" {
			want = "value"
		}
		if got := string(assign(t, names, `{"`+k.String()+`":"`+want+`"}`).Fact(k)); got != want {
			t.Errorf("%s = %q, want %q", k, got, want)
		}
	}
}
