package pipeline

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/payment"
	"gatewatch/redact"
)

// TestCustomer shows that a customer's number becomes a key, and that neither it nor another one stands in a field.
func TestCustomer(t *testing.T) {
	t.Parallel()
	f := func(cfg GroupConfig, line, key string, numbers ...string) {
		t.Helper()
		cfg.Paths = []string{"x"}
		cfg.SetDefaults()
		parts := testParts(t)
		parts.CustomerSecret = []byte("secret")
		var doc []byte
		if _, err := ReadAll(context.Background(), strings.NewReader(line+"\n"), "x", cfg, parts, func(ev *event.Event) {
			doc = event.AppendDocument(nil, ev)
		}); err != nil {
			t.Fatal(err)
		}
		if want := `"payment.customer_key":"` + key + `"`; !bytes.Contains(doc, []byte(want)) {
			t.Errorf("%s: got %s, want %s", line, doc, want)
		}
		for _, number := range numbers {
			if bytes.Contains(doc, []byte(number)) {
				t.Errorf("%s: got %s, with %s in it", line, doc, number)
			}
		}
	}
	f(GroupConfig{}, `{"msg":"paid","openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o","country":"CN","client":"app"}`,
		`d37e9d7e4805aafe","payment.country":"CN","payment.client":"app`, "oUpF8")

	// Several numbers: the first name in the table gives the key, whatever the order of the fields.
	key := string(payment.NewCustomers([]byte("secret")).Key([]byte("u-17")))
	f(GroupConfig{}, `{"msg":"paid","user_id":"u-17","openid":"oUpF8","buyer_id":2088102}`, key, "u-17", "oUpF8", "2088102")
	f(GroupConfig{}, `{"msg":"paid","buyer_id":2088102,"openid":"o\u0055pF8","user_id":"u-17"}`, key, "u-17", "pF8", "2088102")
	f(GroupConfig{Format: "json"}, `{"msg":"paid","buyer_id":2088102}`, string(payment.NewCustomers([]byte("secret")).Key([]byte("2088102"))), "2088102")

	// Nor does one that the configuration names, or gives a meaning, leave the others readable.
	f(GroupConfig{Fields: map[string]string{"customer_key": "who"}}, `{"msg":"paid","openid":"oUpF8","who":"u-17","user_id":"u-18"}`, key, "u-17", "u-18", "oUpF8")
	f(GroupConfig{Fields: map[string]string{"customer_key": "user.id"}, Format: "syslog"}, "<86>Nov 22 08:00:00 pay-1 useradd[7]: new user: name=a, UID=u-17, GID=1, home=/a, shell=/b", key, `"user.id"`)

	// Inside objects, arrays, strings and messages they are keys too.
	const openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	of := string(payment.NewCustomers([]byte("secret")).Key([]byte(openid)))
	for _, line := range []string{
		`{"msg":"paid","data":{"payer":{"openid":"` + openid + `"},"total":1}}`,
		`{"msg":"paid","items":[{"openid":"` + openid + `"}],"openid":"` + openid + `"}`,
		`{"msg":"paid","body":"{\"payer\":{\"openid\":\"` + openid + `\"}}"}`,
		`{"msg":"notify openid=` + openid + `, ok"}`,
		`2026-11-22 08:00:00.123 INFO  [main] [c.j.Pay] - 下单 openid=` + openid + ` amount=1`,
	} {
		f(GroupConfig{}, line, of, openid)
	}
	f(GroupConfig{}, `{"msg":"paid","data":{"payer":{"user_id":88210042}}}`, string(payment.NewCustomers([]byte("secret")).Key([]byte("88210042"))), "88210042")
	f(GroupConfig{Fields: map[string]string{"customer_key": "who"}}, `{"msg":"paid","data":{"who":"u-17"},"who":"u-17"}`, key, "u-17")
}

// TestHiddenCustomers has customers' numbers that the configuration hides or the gateway has masked: they are not all one.
func TestHiddenCustomers(t *testing.T) {
	t.Parallel()
	parts := testParts(t)
	parts.CustomerSecret = []byte("secret")
	parts.Redactor = redact.New(redact.Config{Keys: []string{"user_id"}}, prometheus.NewRegistry())
	cfg := GroupConfig{Paths: []string{"x"}, Fields: map[string]string{"merchant": "buyer_id"}}
	cfg.SetDefaults()
	for _, line := range []string{`{"msg":"paid","user_id":"u-17"}`, `{"msg":"paid","openid":"****"}`} {
		if _, err := ReadAll(t.Context(), strings.NewReader(line+"\n"), "x", cfg, parts, func(ev *event.Event) {
			if key := ev.Fact(event.CustomerKey); key != nil {
				t.Errorf("%s: the customer is %s, want none", line, key)
			}
			if doc := event.AppendDocument(nil, ev); bytes.Contains(doc, []byte("u-17")) {
				t.Errorf("%s: got %s, with the number in it", line, doc)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ReadAll(t.Context(), strings.NewReader(`{"msg":"paid","buyer_id":"m_1"}`+"\n"), "x", cfg, parts, func(ev *event.Event) {
		if got := string(ev.Fact(event.Merchant)); got != "m_1" {
			t.Errorf("merchant = %q, want what the configuration says buyer_id is", got)
		}
	}); err != nil {
		t.Fatal(err)
	}
}
