package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// FuzzRedact checks what holds for every record: redacting the result changes nothing, JSON stays JSON, line breaks
// stay, nothing crashes.
func FuzzRedact(f *testing.F) {
	for _, place := range places {
		f.Add([]byte(fmt.Sprintf(place, "4242424242424242")))
		f.Add([]byte(fmt.Sprintf(place, "4242 4242 4242 4242")))
	}
	for _, seed := range []string{
		`{"password":"a\"b","token":{"a":[1,"x"]},"card":4242424242424242,"m":"cvv=1, pin: 2\npwd='x' secret=\"y\""}`,
		`<password><![CDATA[x]]></password> Authorization: Bearer x, cookie: a=b; c=d`,
		";4242424242424242=25121010000000000000? %B4242424242424242^DOE/JOHN^2512101?",
		"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "密码：x，卡号：4242 4242 4242 4242 5555",
		`{"m":"{\"cvv\":123,\"x\":\"{\\\"pin\\\":1}\"}"}`, `card%5Bcvc%5D=1&biz=%7B%22cvv%22%3A%22123%22`, `"{\x22cvv\x22:\x22123\x22}"`,
		`{"m":"\u003ccvv\u003e1\u003c/cvv\u003e a\u003d4\u0026password\u003dx"}`, `{"cvv":[1,{"a":"]"}],"pan":["4242424242424242"]}`,
		"body=eyJjYXJkIjoiNDI0MiA0MjQyIDQyNDIgNDI0MiIsImN2diI6IjEyMyJ9&x=1", "/a/7b2263617264223a2234323432343234323432343234323432222c22637676223a22313233227d",
		`{"b":"bWVyY2hhbnQ9bV8xJmNhcmQ9NDI0MjQyNDI0MjQyNDI0MiZjdnY9MTIz==","order_id":4242424242424242}`, "4242 4242\n  4242 4242",
		`{"mobile":8613800138000,"t":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl","m":"call 13800138000 sk_live_51H8aBcDeFgHiJkLmNoPqRsT"}`,
	} {
		f.Add([]byte(seed))
	}
	for _, seed := range []string{
		`{"user_id":17,"m":"openid=oUpF8 to a@b.example\\nc@d.example %40","phone":"138 0013 8000","a":{"memberNo":"x\\u0031"}}`,
		"4242\n        4242 4242 4242", `{"m":"4242\\n\\tat 4242 4242 4242"}`, "3782\r\n    822463 10005",
	} {
		f.Add([]byte(seed))
	}
	r := keyed(Config{IdentityNumbers: true, PhoneNumbers: true, EmailAddresses: true, Maestro: true}, nil, nil)
	f.Fuzz(func(t *testing.T, record []byte) {
		before := bytes.Clone(record)
		out := bytes.Clone(r.Redact(nil, record))
		if !bytes.Equal(before, record) {
			t.Fatalf("Redact(%q) changed its input to %q", before, record)
		}
		if again := r.Redact(nil, out); !bytes.Equal(again, out) {
			t.Errorf("Redact(%q) = %q, and of that = %q, want no change", record, out, again)
		}
		if isJSON(record) && !json.Valid(out) {
			t.Errorf("Redact(%q) = %q, want valid JSON", record, out)
		}
		if a, b := bytes.Count(record, newline), bytes.Count(out, newline); a != b {
			t.Errorf("Redact(%q) = %q with %d line breaks, want %d", record, out, b, a)
		}
	})
}

// FuzzTestCards puts a test card into any text, set off by spaces, and looks for it in the result.
func FuzzTestCards(f *testing.F) {
	f.Add("paid with", "and then", uint8(0), uint8(0))
	f.Add(`{"m":"`, `"}`, uint8(5), uint8(1))
	f.Add(`token: `, `;`, uint8(9), uint8(2))
	r := newRedactor(Config{})
	seps := []string{"", " ", "-", ".", "_", "+", "%20"}
	f.Fuzz(func(t *testing.T, before, after string, which, sep uint8) {
		card := testCards[int(which)%len(testCards)]
		number := strings.Join(groups(card), seps[int(sep)%len(seps)])
		text := before + " card " + number + " " + after
		out := string(r.Redact(nil, []byte(text)))
		if strings.Contains(out, " card "+number+" ") {
			t.Errorf("Redact(%q) = %q, still with the card", text, out)
		}
	})
}

// line is what the load generator writes.
var line = []byte(`{"time":"2026-11-22T08:00:00.137Z","level":"info","merchant":"m_103441","provider":"wechatpay","method":"bank_transfer",` +
	`"amount":412345,"currency":"CNY","status":"ok","http_status":200,"latency_ms":143.217,"trace_id":"T000000000042e1f09a7b3c5d2846",` +
	`"card":"622202******0042","client_ip":"10.17.203.88","msg":"charge authorized by provider"}`)

func TestUntouched(t *testing.T) {
	r := newRedactor(Config{})
	if n := testing.AllocsPerRun(100, func() {
		if out := r.Redact(nil, line); &out[0] != &line[0] {
			t.Errorf("Redact(%q) = %q, want the input itself", line, out)
		}
	}); n != 0 {
		t.Errorf("Redact allocates %v times when it finds nothing, want 0", n)
	}
}
