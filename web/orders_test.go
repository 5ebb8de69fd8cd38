package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func findingsOf(now time.Time) []OrderFinding {
	return []OrderFinding{
		{Kind: "paid_twice", Time: now.Add(-time.Minute), Order: "P20261122", Provider: "wechatpay", Transaction: "4200002718", Earlier: "2026112222", EarlierProvider: "alipay", Amount: 123450, Currency: "CNY"},
		{Kind: "bad_signature", Time: now.Add(-2 * time.Minute), Provider: "wechatpay"},
		{Kind: "bad_signature", Time: now.Add(-3 * time.Minute), Provider: "wechatpay"},
		{Kind: "stuck", Time: now.Add(-2 * time.Hour), Order: "ord_17", Provider: "visa", Amount: 1500, Currency: "JPY"},
	}
}

func ordersWorld() Deps {
	d := newWorld(fixed(start)).deps()
	d.Orders = func() []OrderFinding { return findingsOf(start) }
	return d
}

func TestOrdersPage(t *testing.T) {
	t.Parallel()
	f := func(path string, wants ...string) {
		t.Helper()
		body := fetch(t, handlerOf(t, ordersWorld()), path).Body.String()
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s has no %q:\n%s", path, want, body)
			}
		}
	}
	f("/orders?lang=en", "Per attempt", "90.0\u00a0%", "900 of 1,000", "Per order", "97.6\u00a0%", "17", "1\u00a0h\u00a010\u00a0min",
		`<i class="tag" title="two payments of one order were approved: one has to go back">paid twice</i>`,
		`<a href="/logs?q=order%3AP20261122&amp;range=24h">P20261122</a>`, "4200002718", "before: Alipay 2026112222", "1,234.50\u00a0CNY", "1,500\u00a0JPY",
		"not named", `<a href="/orders" aria-current="page">Orders</a>`)
	f("/orders?lang=zh", "重复支付", "按请求", "微信支付", "验签失败")
	f("/?lang=en", `<a href="/orders">Orders to look at, last hour:</a> paid twice 1, wrong signature 2</p>`)
	f("/?lang=zh", `重复支付 1、验签失败 2</p>`)
}

func TestOrdersPageEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(fixed(start))
	w.providers = nil
	h := w.handler(t)
	if body := fetch(t, h, "/orders").Body.String(); !strings.Contains(body, "None was found") {
		t.Errorf("/orders has no word that nothing was found:\n%s", body)
	}
	if body := fetch(t, h, "/").Body.String(); strings.Contains(body, "Orders to look at") {
		t.Error("the first page speaks of orders when nothing was found")
	}
	w.broken = errBroken
	if body := fetch(t, h, "/orders").Body.String(); !strings.Contains(body, "the store is closed") {
		t.Errorf("/orders does not say that the metrics cannot be read:\n%s", body)
	}
	if rec := fetch(t, h, "/api/v1/orders"); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("/api/v1/orders without metrics = %d, want 503", rec.Code)
	}
}

func TestOrdersAPI(t *testing.T) {
	t.Parallel()
	var got ordersAnswer
	if err := json.Unmarshal(fetch(t, handlerOf(t, ordersWorld()), "/api/v1/orders").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Success) != 2 || got.Success[1].By != "orders" || got.Success[1].Decided != 922.5 {
		t.Errorf("success = %+v, want by attempts and by orders", got.Success)
	}
	if len(got.Waiting) != 1 || got.Waiting[0] != (waitingJSON{"alipay", 17, 3, 4200}) {
		t.Errorf("waiting = %+v, want alipay's 17", got.Waiting)
	}
	if len(got.Findings) != 4 || got.Findings[0].Earlier != "2026112222" || got.Findings[0].Amount != 123450 {
		t.Errorf("findings = %+v, want four", got.Findings)
	}
}

func TestHostileOrders(t *testing.T) {
	t.Parallel()
	for _, text := range hostile {
		d := newWorld(fixed(start)).deps()
		d.Orders = func() []OrderFinding {
			return []OrderFinding{{Kind: text, Time: start, Order: text, Provider: text, Transaction: text, Earlier: text, Amount: -1, Currency: text}}
		}
		h := handlerOf(t, d)
		harmless(t, "/orders", parse(t, fetch(t, h, "/orders").Body.String()))
		harmless(t, "/", parse(t, fetch(t, h, "/").Body.String()))
	}
}

func TestIncidentAboutOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(fixed(start))
	w.providers = w.providers[1:3] // those that are well
	w.incidents = []Incident{{
		ID: "b1", Name: "PaymentCallbackBadSignature", Severity: "warning", Provider: "alipay", Orders: true, Since: start.Add(-time.Minute),
		Summary: map[string]string{"en": "Alipay: callbacks with wrong signatures"},
	}}
	h := w.handler(t)
	body := fetch(t, h, "/").Body.String()
	for _, want := range []string{"All payments are well.", "Alipay: callbacks with wrong signatures, since 14:08", `<tr id="p-alipay" class="ok">`} {
		if !strings.Contains(body, want) {
			t.Errorf("the first page has no %q:\n%s", want, body)
		}
	}
	if body := fetch(t, h, "/incidents").Body.String(); !strings.Contains(body, `<a href="/orders">Orders</a> <a href="/logs`) {
		t.Errorf("the incident does not lead to the orders:\n%s", body)
	}
}

func TestIncidentThatSomebodyHas(t *testing.T) {
	t.Parallel()
	w := newWorld(fixed(start))
	for i := range w.incidents {
		w.incidents[i].AcknowledgedBy = "lin<wei>"
		w.incidents[i].Maintenance = "it <moves>"
	}
	h := w.handler(t)
	for path, want := range map[string]string{
		"/incidents?lang=en": "acknowledged by lin&lt;wei&gt;</small>",
		"/incidents?lang=zh": "lin&lt;wei&gt; 已认领</small>",
		"/incidents":         "<small>muted, maintenance: it &lt;moves&gt;</small>",
	} {
		if body := fetch(t, h, path).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s has no %q:\n%s", path, want, body)
		}
	}
}

func TestIncidentReasons(t *testing.T) {
	t.Parallel()
	h := newWorld(fixed(start)).handler(t)
	for path, want := range map[string]string{
		"/incidents?lang=en": "because the other providers are well; they answer with their own system errors</small>",
		"/incidents?lang=zh": "依据：其他渠道正常；对方返回自身系统错误</small>",
	} {
		if body := fetch(t, h, path).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s has no %q:\n%s", path, want, body)
		}
	}
}
