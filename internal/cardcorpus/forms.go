package cardcorpus

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
)

// separators are what may stand between the groups of a number.
var separators = [...]string{
	"", "", "", " ", "-", ".", "_", "+", "%20", "%2D", "%2B", "\u00a0", "\u3000", "\u2011", "\u2013", "\u202f", "\t", "  ", " - ", "%2520",
}

// Written returns a card number in each way that it may be written: bare and with each separator.
func Written(card string) []string {
	var all []string
	for _, sep := range separators[2:] {
		all = append(all, strings.Join(groups(card), sep))
	}
	return append(all, wide(card), percent(card), unicode(card), broken(card, " ", len(groups(card))/2), broken(card, "-", len(groups(card))/2), broken(card, " ", 1))
}

// places are texts around a card number as it is written. All have a card word near it, which numbers of 13 and 14
// digits need.
var places = [...]struct{ kind, text string }{
	{"json", `{"level":"info","card":"%s","amount":1250}`},
	{"json", `{"data":{"payer":{"card":{"number":"%s","exp":"12/28"}}},"ok":true}`},
	{"json message", `{"msg":"charge with card %s declined","code":"51"}`},
	{"json in json", `{"msg":"request {\"card\":\"%s\",\"amount\":1250}","level":"debug"}`},
	{"json in json in json", `{"m":"{\"body\":\"{\\\"card\\\":\\\"%s\\\"}\"}"}`},
	{"query", "10.1.2.3 - - [22/Nov/2026:08:00:00 +0800] \"GET /pay?card=%s&amount=100 HTTP/1.1\" 200 12"},
	{"form", "body: merchant=m_1&card=%s&currency=CNY"},
	{"encoded query", "redirect=https%%3A%%2F%%2Fshop.example%%2Fpay%%3Fcard%%3D%s%%26amount%%3D100"},
	{"nginx body", `"POST /v1/charges HTTP/1.1" 200 "{\x22card\x22:\x22%s\x22}"`},
	{"path", "DELETE /v1/card/%s/tokens HTTP/1.1"},
	{"xml", "<Request><Card>%s</Card><Amount>1250</Amount></Request>"},
	{"xml attribute", `<payer card="%s" name="J DOE"/>`},
	{"xml cdata", "<xml><card><![CDATA[%s]]></card><fee>1</fee></xml>"},
	{"logback", "2026-11-22 08:00:00.123 INFO  [http-nio-9216-exec-7] [c.p.g.PayService] - pay with card %s, amount=1250"},
	{"logfmt", `ts=2026-11-22T08:00:00Z level=info card="%s" amount=1250`},
	{"to string", "CardRequest{merchant=m_1, card=%s, expiry=1228}"},
	{"list", "cards: [%s, tok_1]"},
	{"chinese", "用户银行卡%s支付失败，原因：余额不足"},
	{"chinese", "【支付请求】卡号：%s，金额：12.50元"},
	{"chinese", "（卡）%s（借记卡）"},
	{"stack trace", "java.lang.IllegalArgumentException: invalid card %s\n\tat com.pay.gateway.CardService.check(CardService.java:42)\n\tat com.pay.Main.main(Main.java:7)"},
	{"cause", "java.lang.RuntimeException: charge failed\n\tat com.pay.A.b(A.java:1)\nCaused by: com.pay.CardException: card [%s] refused\n\t... 12 more"},
	{"multi-line", "【请求头信息】\nmethod: POST\ncard\n%s\n【请求体】\namount=1"},
	{"multi-line xml", "<xml>\n  <card>\n    %s\n  </card>\n</xml>"},
	{"json escapes", `{"msg":"card:\n%s\tand more"}`},
	{"csv", "1250,CNY,card,%s,2026-11-22,ok"}, {"pipe", "card|%s|1250"},
	{"sentence", "The card number is %s."}, {"file name", "/data/card_%s.png"}, {"html", "card&nbsp;%s&nbsp;ok"},
	{"track", "card swiped ;%s=28121010000000000000?"},
}

// bodies are texts that are written encoded.
var bodies = [...]string{
	`{"cardNo":"%s","cvv":"123"}`, `{"merchant":"m_1","amount":1250,"card":{"number":"%s"},"name":"张三"}`,
	"merchant=m_1&card=%s&amount=1250&currency=CNY", "<Request><Card>%s</Card><Amount>1250</Amount></Request>",
	"the card is %s and some more text follows",
}

// carriers are texts around an encoded body.
var carriers = [...]string{
	`{"body":"%s","ok":true}`, "request body %s", "payload=%s&x=1", "<data>%s</data>", "2026-11-22 08:00:00 DEBUG raw: %s", "POST /notify/%s HTTP/1.1",
}

// Cards makes n texts with one card number each.
func Cards(seed uint64, n int) []Sample {
	rnd := rand.New(rand.NewPCG(seed, 1))
	samples := make([]Sample, n)
	for i := range samples {
		samples[i] = card(rnd, cardNumber(rnd))
	}
	return samples
}

func card(rnd *rand.Rand, number string) Sample {
	if rnd.IntN(10) == 0 {
		return encoded(rnd, number)
	}
	place := places[rnd.IntN(len(places))]
	text := strings.Join(groups(number), separators[rnd.IntN(len(separators))])
	switch rnd.IntN(20) {
	case 0:
		text = wide(number)
	case 1:
		text = percent(number)
	case 2:
		text = unicode(number)
	case 3:
		if text = broken(number, " ", 1+rnd.IntN(len(groups(number))-1)); strings.Contains(place.kind, "json") {
			text = strings.ReplaceAll(text, "\n", `\n`)
		}
	}
	return Sample{place.kind, fmt.Sprintf(place.text, text), text}
}

// In puts a written number into every place.
func In(written string) []Sample {
	var samples []Sample
	for _, place := range places {
		samples = append(samples, Sample{place.kind, fmt.Sprintf(place.text, written), written})
	}
	return samples
}

// encoded makes a text with a body in hex or base64.
func encoded(rnd *rand.Rand, number string) Sample {
	body := fmt.Sprintf(bodies[rnd.IntN(len(bodies))], strings.Join(groups(number), separators[rnd.IntN(5)]))
	kind, text := "hex", ""
	switch rnd.IntN(5) {
	case 0:
		text = hex.EncodeToString([]byte(body))
	case 1:
		text = strings.ToUpper(hex.EncodeToString([]byte(body)))
	case 2:
		kind, text = "base64", base64.StdEncoding.EncodeToString([]byte(body))
	case 3:
		kind, text = "base64 for URLs", base64.RawURLEncoding.EncodeToString([]byte(body))
	case 4:
		kind, text = "base64 of the number", base64.StdEncoding.EncodeToString([]byte("card "+number+" ok"))
	}
	return Sample{kind, fmt.Sprintf(carriers[rnd.IntN(len(carriers))], text), text}
}

func wide(card string) string {
	return strings.Map(func(c rune) rune { return c - '0' + '０' }, card)
}

func percent(card string) string { return each("%3", card) }
func unicode(card string) string { return each(`\u003`, card) }

func each(prefix, card string) string {
	var b strings.Builder
	for _, c := range card {
		b.WriteString(prefix)
		b.WriteRune(c)
	}
	return b.String()
}

// broken breaks the line behind so many groups, and indents the next one when that is behind the first.
func broken(card, sep string, behind int) string {
	g, end := groups(card), "\n"
	if behind == 1 {
		end = "\n        "
	}
	return strings.Join(g[:behind], sep) + end + strings.Join(g[behind:], sep)
}
