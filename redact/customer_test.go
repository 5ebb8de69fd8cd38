package redact

import (
	"fmt"
	"strings"
	"testing"
)

// keyed returns a Redactor whose keys tell the number's length and first byte.
func keyed(cfg Config, names, others []string) *Redactor {
	key := func(number []byte) []byte { return fmt.Appendf(nil, "%015x%x", len(number), number[0]&15) }
	return newRedactor(cfg).ForCustomers(Customers{Key: key, Names: names, Others: others})
}

func keyOf(number string) string { return fmt.Sprintf("~%015x%x", len(number), number[0]&15) }

func TestCustomers(t *testing.T) {
	t.Parallel()
	r, off := keyed(Config{}, []string{"who", "shopper_no"}, []string{"buyer_id"}), newRedactor(Config{})
	f := func(text string, numbers ...string) {
		t.Helper()
		want := text
		for _, number := range numbers {
			want = strings.Replace(want, number, keyOf(strings.Trim(number, `"`)), 1)
		}
		if got := redact(t, r, text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
		if got := redact(t, off, text); got != text {
			t.Errorf("without customers: Redact(%q) = %q, want no change", text, got)
		}
	}
	f(`{"user_id":"u-17","a":{"openid":"oUpF8","b":[{"memberNo":"M1"}]}}`, "u-17", "oUpF8", "M1")
	f(`{"m":"{\"customer_id\":\"c-1\",\"x\":\"{\\\"cust-no\\\":\\\"c-2\\\"}\"}"}`, "c-1", "c-2")
	f("GET /pay?openid=oUpF8&userId=1742 HTTP/1.1", "oUpF8", "1742")
	f("paid by user_id=u-17, amount=1, payer_id: p-2; ok", "u-17", "p-2")
	f("<xml><openid><![CDATA[oUpF8]]></openid><total_fee>1</total_fee></xml>", "oUpF8")
	f("用户编号：8821，金额：1", "8821")
	f(`{"who":"w-1","shopper_no":"s-1"}`, "w-1", "s-1")
	f("user_id=alice", "alice")
	for _, text := range []string{
		`{"user_id":null,"openid":"","customer_id":"-","member_no":"***"}`, "invalid user_id: must not be empty",
		`{"buyer_id":"b-1","order_id":"o-1","trace_id":"t-1","request_id":"r-1","userId2":"x","superuser_id":"x"}`,
		`{"user_id":{"a":1},"openid":["x"]}`,
	} {
		f(text)
	}
	got := redact(t, r, `{"data":{"user_id": 88210042}}`)
	if want := `{"data":{"user_id": "` + keyOf("88210042") + `"}}`; got != want {
		t.Errorf("Redact of a bare number = %q, want %q", got, want)
	}
	if got, want := redact(t, r, `{"openid":"o\u0055p"}`), `{"openid":"`+keyOf("oUp")+`"}`; got != want {
		t.Errorf("Redact of an escaped number = %q, want %q", got, want)
	}
	if got := redact(t, keyed(Config{Keys: []string{"openid"}}, nil, nil), "openid=oUpF8"); got != "openid=***" {
		t.Errorf("Redact of what is configured as a secret = %q", got)
	}
	if _, n := r.RedactCounting(nil, []byte("openid=oUpF8")); n != 0 {
		t.Errorf("a customer's number counts as %d values of card data, want none", n)
	}
}

// TestPersonal has what redacting people's numbers by name takes out beside what their shapes do.
func TestPersonal(t *testing.T) {
	t.Parallel()
	r, off := newRedactor(Config{IdentityNumbers: true, PhoneNumbers: true, EmailAddresses: true}), newRedactor(Config{})
	f := func(text, want string) {
		t.Helper()
		if got := redact(t, r, text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
		if got := redact(t, off, text); got != text {
			t.Errorf("switched off: Redact(%q) = %q, want no change", text, got)
		}
	}
	f(`{"a":{"certNo":"A1234567","receiverPhone":"021-12345678","payer":[{"email":"x"}]}}`, `{"a":{"certNo":"***","receiverPhone":"***","payer":[{"email":"***"}]}}`)
	f("证件号码：H0123456，联系人手机号：138 0013 8000，", "证件号码：***，联系人手机号：***，")
	f("mobile=138 0013 8000 200 12", "mobile=*** 200 12")
	f("id 11010519491231002X of 13800138000", "id 110105*******1002X of 138****8000")
	f("sent to jo.doe+x@mail.example.com, ok", "sent to ***@mail.example.com, ok")
	f(`{"m":"to\njo@example.com"}`, `{"m":"to\n***@example.com"}`)
	f("/u?to=jo%40example.com&x=%20jo@example.com", "/u?to=***%40example.com&x=%20***@example.com")
	f("a@b.example c@d.example", "***@b.example ***@d.example")
	for _, text := range []string{"java.lang.Object@1b2c3d4", "user@host", "@example.com", "a @ b.example", "Foo@bar.2", "x@.com", "@", "%40"} {
		f(text, text)
	}
}
