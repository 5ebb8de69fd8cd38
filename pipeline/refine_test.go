package pipeline

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"gatewatch/event"
	"gatewatch/payment"
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
}
