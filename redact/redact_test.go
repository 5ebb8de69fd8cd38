package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func newRedactor(cfg Config) *Redactor { return New(cfg, prometheus.NewRegistry()) }

// redact redacts text twice and reports what must hold for every text.
func redact(t *testing.T, r *Redactor, text string) string {
	t.Helper()
	out := string(r.Redact(nil, []byte(text)))
	if again := string(r.Redact(nil, []byte(out))); again != out {
		t.Errorf("Redact(%q) = %q, and of that = %q, want no change", text, out, again)
	}
	if isJSON([]byte(text)) && !json.Valid([]byte(out)) {
		t.Errorf("Redact(%q) = %q, want valid JSON", text, out)
	}
	return out
}

func TestKeys(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{Keys: []string{"id_card"}})
	f := func(text, want string) {
		t.Helper()
		if got := redact(t, r, text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
	}
	// The forms of a key and its value.
	f(`cvv=123`, `cvv=***`)
	f(`cvv=123&amount=5`, `cvv=***&amount=5`)
	f(`POST /pay?cvv2=123&pan=4111111111111112 HTTP/1.1`, `POST /pay?cvv2=***&pan=411111******1112 HTTP/1.1`)
	f(`{"cvv":"123"}`, `{"cvv":"***"}`)
	f(`{"cvv": 123}`, `{"cvv": "***"}`)
	f("{\n  \"cvv\" :\n  123\n}", "{\n  \"cvv\" :\n  \"***\"\n}")
	f(`{"msg":"{\"cvv\":\"123\",\"a\":1}"}`, `{"msg":"{\"cvv\":\"***\",\"a\":1}"}`)
	f(`{"msg":"{\"cvv\":123,\"a\":1}"}`, `{"msg":"{\"cvv\":\"***\",\"a\":1}"}`)
	f(`{"m":"{\"n\":\"{\\\"password\\\":\\\"a\\\\\\\"b\\\"}\"}"}`, `{"m":"{\"n\":\"{\\\"password\\\":\\\"***\\\"}\"}"}`)
	f(`<cvv>123</cvv>`, `<cvv>***</cvv>`)
	f(`<pay:Password>s3cr&amp;t</pay:Password>`, `<pay:Password>***</pay:Password>`)
	f(`<password><![CDATA[a<b]]></password>`, `<password><![CDATA[***]]></password>`)
	f(`{"xml":"\u003ccvv\u003e123\u003c/cvv\u003e"}`, `{"xml":"\u003ccvv\u003e***\u003c/cvv\u003e"}`)
	f(`alice : TTY=pts/0 ; PWD=/srv/pay ; USER=root ; COMMAND=/bin/ls`, `alice : TTY=pts/0 ; PWD=/srv/pay ; USER=root ; COMMAND=/bin/ls`)
	f(`alice : TTY=pts/0 ; PWD=hunter2 ; USER=root`, `alice : TTY=pts/0 ; PWD=*** ; USER=root`)
	f(`a ; PWD=/hunter2 ; HOST=db`, `a ; PWD=*** ; HOST=db`)
	f(`password: hunter2, user: bob`, `password: ***, user: bob`)
	f(`password=a,b,c user=bob`, `password=*** user=bob`)
	f(`User{name=bob, password=a,b}`, `User{name=bob, password=***}`)
	f(`{password={bcrypt}$2a$10$abc, user=bob}`, `{password=***, user=bob}`)
	f(`密码：abc123，金额：10`, `密码：***，金额：10`)
	f(`客户的卡号：6222021234567890，金额`, `客户的卡号：622202******7890，金额`)
	f(`银行卡号:6222021234567890`, `银行卡号:622202******7890`)
	f(`Authorization: Bearer abc.def.ghi`, `Authorization: ***`)
	f(`Authorization: Basic dXNlcjpwYXNz== next`, `Authorization: *** next`)
	f(`curl -H "Authorization: Bearer abc" -d x`, `curl -H "Authorization: ***" -d x`)
	f(`{Authorization=[Bearer abc], Host=[x]}`, `{Authorization=[***], Host=[x]}`)
	f(`{"authorization":"Bearer abc"}`, `{"authorization":"***"}`)
	f("cookie: a=b; c=d\nhost: x", "cookie: ***\nhost: x")
	f(`card[cvc]=123&card[number]=4242424242424241`, `card[cvc]=***&card[number]=424242******4241`)
	f(`card%5Bcvc%5D=123&x=1`, `card%5Bcvc%5D=***&x=1`)
	f(`biz=%7B%22cvv%22%3A%22123%22%7D`, `biz=%7B%22cvv%22%3A%22***%22%7D`)
	f(`"{\x22cvv\x22:\x22123\x22}" 200`, `"{\x22cvv\x22:\x22***\x22}" 200`)
	f(`"{\x22a\x22:\x22{\x5C\x22cvv\x5C\x22:\x5C\x22123\x5C\x22}\x22}"`, `"{\x22a\x22:\x22{\x5C\x22cvv\x5C\x22:\x5C\x22***\x5C\x22}\x22}"`)
	f(`&quot;cvv&quot;:&quot;123&quot;`, `&quot;cvv&quot;:&quot;***&quot;`)
	f(`{"m":"a\u003d1\u0026password\u003dx1\u0026b\u003d2"}`, `{"m":"a\u003d1\u0026password\u003d***\u0026b\u003d2"}`)
	f(`{"m":"line\npassword=x\nline"}`, `{"m":"line\npassword=***\nline"}`)
	f(`{"m":"password='a b' ok"}`, `{"m":"password='***' ok"}`)
	f(`{"m":"password="}`, `{"m":"password="}`)
	f(`{"m":"password: x"}`, `{"m":"password: ***"}`)
	f(`[cvv] => 123`, `[cvv] => ***`)
	f(`{'cvv': '123'}`, `{'cvv': '***'}`)
	f(`postgres://pay:s3cret@db:5432/x`, `postgres://pay:***@db:5432/x`)
	f(`https://shop.example:8080/a@b`, `https://shop.example:8080/a@b`)

	// Values of every JSON type.
	f(`{"token":{"id":"tok_1","x":[1,"}"]},"a":1}`, `{"token":"***","a":1}`)
	f("{\"token\":{\n\"id\":1\n},\"a\":1}", "{\"token\":\"***\"\n\n,\"a\":1}")
	f(`{"secret":["a","b"]}`, `{"secret":"***"}`)
	f(`{"m":"{\"token\":{\"id\":\"]\"}}"}`, `{"m":"{\"token\":\"***\"}"}`)
	f(`{"token":null,"password":true,"cvv":""}`, `{"token":null,"password":true,"cvv":""}`)
	f(`{"cvv":"***","pin":"****"}`, `{"cvv":"***","pin":"****"}`)
	f(`{"pin":-12.5e3}`, `{"pin":"***"}`)

	// Card numbers by key.
	f(`{"card_no":"4242424242424241"}`, `{"card_no":"424242******4241"}`)
	f(`{"cardNo":4242424242424241}`, `{"cardNo":"424242******4241"}`)
	f(`{"pan":"4242 4242 4242 4241"}`, `{"pan":"4242 42** **** 4241"}`)
	f(`{"accNo":"622202******0042"}`, `{"accNo":"622202******0042"}`)
	f(`{"accNo":"6222021234****0042"}`, `{"accNo":"622202********0042"}`)
	f(`{"card_number":"XXXXXXXXXXXX4242"}`, `{"card_number":"XXXXXXXXXXXX4242"}`)
	f(`{"card_no":"4242"}`, `{"card_no":"4242"}`)
	f(`{"card_no":622202}`, `{"card_no":622202}`)
	f(`{"card_no":"12345678"}`, `{"card_no":"***"}`)
	f(`{"card_no":"tok_81a"}`, `{"card_no":"***"}`)
	f(`invalid card_no: missing`, `invalid card_no: missing`)
	f(`{"account_number":"12345678"}`, `{"account_number":"12345678"}`)
	f(`{"account_number":"9558801234567890123"}`, `{"account_number":"955880*********0123"}`)

	// The last word of a longer key.
	f(`db_password=x userPassword=y X-Api-Key: z`, `db_password=*** userPassword=*** X-Api-Key: ***`)
	f(`{"next_page_token":"x"}`, `{"next_page_token":"***"}`)
	f(`{"buyerCardNo":"4242424242424241"}`, `{"buyerCardNo":"424242******4241"}`)
	f(`{"ID-CARD":"x1"}`, `{"ID-CARD":"***"}`)

	// Not keys.
	for _, text := range []string{
		`{"token_type":"bearer","tokens":12,"pinned":true,"pincode":"560001","company":"x","pan_european":"y"}`,
		`company=acme spin=3 tokenize=x shipping=dhl password_changed_at=1 japan=1 secretary=bob keys=3`,
		`{"type":"pin","method":"token"}`, `passwords: 3`, `order=pan`, `a==b`, `pan`, `pin:`, `=x`, `:`, `"cvv"`,
	} {
		f(text, text)
	}
}

// TestLongRecords takes forever when the work on a record grows faster than the record.
func TestLongRecords(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	for _, part := range []string{
		"pan=", "pan='", `"pan":[`, `"pan":{`, `"token":{`, "track2=a ", `\`, `"pin":"`, `\"pin\":\"`, "://", "cookie:", "password=***,", "4242 ",
		"4242424242424242 ", "4242-", "%34", "<cvv>", "pan=a,", "authorization: bearer ", "[", "\u0034", "-----BEGIN PRIVATE KEY-----", "：", "cvv=", "account_no=a",
		`"account_no":"`, `pan="`, `%22pan%22:%22`,
	} {
		text := strings.Repeat(part, 1<<17/len(part))
		redact(t, r, text)
		redact(t, r, `{"m":"`+text+`"}`)
	}
}

func TestPrivateKey(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	f := func(text, want string) {
		t.Helper()
		if got := redact(t, r, text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
	}
	f("key:\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\nand then",
		"key:\n-----BEGIN RSA PRIVATE KEY-----***\n\n\n-----END RSA PRIVATE KEY-----\nand then")
	f(`{"m":"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nx"}`,
		`{"m":"-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----\nx"}`)
	f(`{"m":"-----BEGIN PRIVATE KEY-----\nMIIE","a":1}`, `{"m":"-----BEGIN PRIVATE KEY-----***","a":1}`)
}

func TestEncoded(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	f := func(encode func([]byte) string, form, body, want string) {
		t.Helper()
		text, wanted := fmt.Sprintf(form, encode([]byte(body))), fmt.Sprintf(form, encode([]byte(want)))
		if got := redact(t, r, text); got != wanted {
			t.Errorf("Redact(%q) = %q, want %q", text, got, wanted)
		}
	}
	const body, clean = `{"card":"4242 4242 4242 4242","cvv":"123","name":"张三"}`, `{"card":"4242 42** **** 4242","cvv":"***","name":"张三"}`
	for _, encode := range []func([]byte) string{
		hex.EncodeToString, base64.StdEncoding.EncodeToString, base64.URLEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString,
	} {
		f(encode, `{"body":"%s","ok":true}`, body, clean)
		f(encode, "body=%s&x=1", body, clean)
		f(encode, "%s", body, clean)
		f(encode, "POST /notify/%s HTTP/1.1", body, clean)
		f(encode, `{"card":"x","body":"%s"}`, "no card in here, but much text", "no card in here, but much text")
		twice := func(text []byte) string { return encode([]byte("data: " + encode(text))) }
		f(twice, `{"body":"%s"}`, body, clean)
	}
}

// TestEncodedPrivateKey has a private key in a body that is logged in base64 or hex.
func TestEncodedPrivateKey(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	const (
		body  = `{"merchant":"m_1","key":"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n75XPfhDl\n-----END RSA PRIVATE KEY-----\n"}`
		clean = `{"merchant":"m_1","key":"-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\n"}`
		file  = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END PRIVATE KEY-----\n"
		empty = "-----BEGIN PRIVATE KEY-----***\n\n\n-----END PRIVATE KEY-----\n"
	)
	for _, encode := range []func([]byte) string{
		hex.EncodeToString, base64.StdEncoding.EncodeToString, base64.URLEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString,
	} {
		f := func(form, body, want string) {
			t.Helper()
			text, wanted := fmt.Sprintf(form, encode([]byte(body))), fmt.Sprintf(form, encode([]byte(want)))
			if got := redact(t, r, text); got != wanted {
				t.Errorf("Redact(%q) = %q, want %q", text, got, wanted)
			}
		}
		for _, form := range []string{`{"body":"%s","ok":true}`, "body %s", "x=%s&y=1"} {
			f(form, body, clean)
			f(form, file, empty)
			f(form, "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkq\n-----END PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkq\n-----END PUBLIC KEY-----")
		}
	}
	text := "body " + base64.StdEncoding.EncodeToString([]byte(file))
	if got := r.Find([]byte(text)); len(got) != 1 || got[0].Kind != "secret" || got[0].At != len("body ") {
		t.Errorf("Find(%q) = %v, want the key where its body begins", text, got)
	}
}

func TestOrderNumbers(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	f := func(text, want string) {
		t.Helper()
		if got := redact(t, r, text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{
		`{"order_id":"4242424242424242"}`, `{"payOrderId":4242424242424242}`, `{"m":"{\"tradeNo\" : \"4242424242424242\"}"}`, "订单号：4242424242424242，",
		"out_trade_no=4242424242424242&x=1", "<transaction_id>4242424242424242</transaction_id>", "x%26request_id%3D4242424242424242",
	} {
		f(text, text)
	}
	f("order 4242424242424242 paid", "order 424242******4242 paid")
	f(`{"order_id":"x","ref":"4242424242424242"}`, `{"order_id":"x","ref":"424242******4242"}`)
	f(`{"order_id":"4242 4242 4242 4242"}`, `{"order_id":"4242 42** **** 4242"}`)
	f("4242 4242\n    4242 4242", "4242 42**\n    **** 4242")
	f("4242\n4242\n4242\n4242", "4242\n4242\n4242\n4242")
}

func TestPhoneNumbers(t *testing.T) {
	t.Parallel()
	r, off := newRedactor(Config{PhoneNumbers: true}), newRedactor(Config{})
	f := func(text, want string) {
		t.Helper()
		if got := redact(t, r, text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
		if got := redact(t, off, text); got != text {
			t.Errorf("without phone_numbers: Redact(%q) = %q, want no change", text, got)
		}
	}
	f("call 13800138000 now", "call 138****8000 now")
	f("+8613800138000", "+86138****8000")
	f("手机13800138000，008613800138000", "手机138****8000，0086138****8000")
	f(`{"m":13800138000}`, `{"m":"138****8000"}`)
	f(`{"m":8613800138000}`, `{"m":"86138****8000"}`)
	f(`{"mobile":"+44 7700 900123"}`, `{"mobile":"***"}`)
	f("手机号：021-12345678，", "手机号：***，")
	for _, text := range []string{"12800138000", "x13800138000", "113800138000", "13800138000.5", "order_id=13800138000", "1380013800"} {
		f(text, text)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	f := func(text, want string) {
		t.Helper()
		if got := redact(t, r, text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
	}
	const jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
	f("got "+jwt+" from", "got *** from")
	f(`{"m":"cookie set","v":"`+jwt+`"}`, `{"m":"cookie set","v":"***"}`)
	f("/callback?state="+jwt+"&x=1", "/callback?state=***&x=1")
	f("sending Bearer 0123456789abcdef0123456789abcdef", "sending Bearer ***")
	f("key sk_live_51H8aBcDeFgHiJkLmNoPqRsT.", "key ***.")
	f("org.apache.http.impl.client.InternalHttpClientImplementation", "org.apache.http.impl.client.InternalHttpClientImplementation")
}

func TestFind(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{IdentityNumbers: true, PhoneNumbers: true})
	body := base64.StdEncoding.EncodeToString([]byte("card=4111 1111 1111 1111 and cvv=123"))
	text := "card 4242-4242-4242-4242 cvv=123 id 11010519491231002X call 13800138000 " + body
	want := []Finding{
		{"pan", 5, "424242******4242"}, {"cvv", 29, "***"}, {"identity", 36, "110105*******1002"}, {"phone", 60, "138****8000"},
		{"pan", 72, "411111******1111"}, {"cvv", 72, "***"},
	}
	if got := r.Find([]byte(text)); !slices.Equal(got, want) {
		t.Errorf("Find(%q) = %v, want %v", text, got, want)
	}
	if got := r.Find([]byte("nothing in here")); got != nil {
		t.Errorf("Find of a clean record = %v, want nothing", got)
	}
	if _, n := r.RedactCounting(nil, []byte(text)); n != 4 {
		t.Errorf("RedactCounting(%q) found %d values of card data, want 4", text, n)
	}
}

// TestLongChain has a megabyte of words between dots, which are no token: looking at each of them once takes no time, looking
// from each of them to both ends takes minutes.
func TestLongChain(t *testing.T) {
	t.Parallel()
	chain := strings.Repeat(strings.Repeat("a", 30)+".", 1<<20/31)
	r := newRedactor(DefaultConfig())
	if got := r.Redact(nil, []byte(chain)); string(got) != chain {
		t.Error("words between dots were taken for a token")
	}
}
