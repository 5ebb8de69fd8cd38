package redact

import (
	"fmt"
	"strings"
	"testing"

	"gatewatch/internal/cardcorpus"
)

var testCards = cardcorpus.TestCards()

// mask is what must become of a card number without separators.
func mask(card string) string {
	return card[:6] + strings.Repeat("*", len(card)-10) + card[len(card)-4:]
}

// groups cuts a number as it is printed on the card.
func groups(card string) []string {
	switch len(card) {
	case 15:
		return []string{card[:4], card[4:10], card[10:]}
	case 14:
		return []string{card[:4], card[4:10], card[10:]}
	}
	var g []string
	for ; len(card) > 4; card = card[4:] {
		g = append(g, card[:4])
	}
	return append(g, card)
}

// maskGroups is mask for a number with separators.
func maskGroups(card, sep string) string {
	m := mask(card)
	var g []string
	for _, part := range groups(card) {
		g = append(g, m[:len(part)])
		m = m[len(part):]
	}
	return strings.Join(g, sep)
}

// places are texts that a card number stands in. All have a card word, which 13 and 14 digits need.
var places = []string{
	"card %s", "card=%s", "card=%s&amount=100", "GET /pay?card=%s HTTP/1.1", "<card>%s</card>", "<card><![CDATA[%s]]></card>",
	"2026-11-22 08:00:00.123 INFO [main] [c.j.Pay] - card: %s, ok", "卡%s支付", "银行卡号：%s，金额：12.50元", "（卡%s）",
	`{"card":"%s","amount":100}`, `{"msg":"paid with card %s."}`, `{"msg":"{\"card\":\"%s\",\"x\":1}"}`,
	`{"msg":"card:\n%s\tend"}`, `card="%s"`, `card='%s'`, `card[%s]`, "card*%s*", "card\n%s\n", "card%%3D%s%%26x%%3D1", "card%%20%s",
	`"{\x22card\x22:\x22%s\x22}"`, "card/%s/charge", "card no. %s", "card:%s;", "(Visa card %s)", "card|%s|", "card %s 12/26 123",
	"tok_card_%s", "/files/card_%s_front.png", "%s (card)",
}

func TestTestCards(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	f := func(place, card, want string) {
		t.Helper()
		text, wanted := fmt.Sprintf(place, card), fmt.Sprintf(place, want)
		if got := redact(t, r, text); got != wanted {
			t.Errorf("Redact(%q) = %q, want %q", text, got, wanted)
		}
	}
	for _, card := range testCards {
		for _, place := range places {
			f(place, card, mask(card))
			for _, sep := range []string{" ", "-", ".", "_", "+", "%20", "%2D", "\u00a0"} {
				f(place, strings.Join(groups(card), sep), maskGroups(card, sep))
			}
		}
		f(`{"card":%s,"amount":100}`, card, `"`+mask(card)+`"`)
		f(`{"card": [%s , 1]}`, card, `"`+mask(card)+`"`)
		f(`{"card":{"no" :%s}}`, card, `"`+mask(card)+`"`)
		f(`{"card":%s}`, "-"+card, `"-`+mask(card)+`"`)
	}
}

func TestOtherDigits(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	f := func(text, want string) {
		t.Helper()
		if got := redact(t, r, text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
	}
	encode := func(prefix, digits string) string {
		var b strings.Builder
		for _, d := range digits {
			b.WriteString(prefix)
			b.WriteRune(d)
		}
		return b.String()
	}
	for _, prefix := range []string{"%3", `\u003`} {
		e := func(digits string) string { return encode(prefix, digits) }
		f("x="+e("4242424242424242")+"&", "x="+e("424242")+"******"+e("4242")+"&")
	}
	f("卡４２４２４２４２４２４２４２４２", "卡４２４２４２******４２４２")
	f("%34%32%34%32%20%34%32%34%32%20%34%32%34%32%20%34%32%34%32", "%34%32%34%32%20%34%32**%20****%20%34%32%34%32")

	// Tracks.
	f(";4242424242424242=25121010000000000000?", ";424242******4242=***?")
	f(";4242424242424242=2512?", ";424242******4242=***?")
	f("4242424242424242D25121010000000000000F", "424242******4242D***")
	f("4242424242424242=25121010000000000000", "424242******4242=***")
	f("%B4242424242424242^DOE/JOHN^25121010000000000000?", "%B424242******4242^***?")
	f(`{"t":"%B4242424242424242^DOE/JOHN^2512101"}`, `{"t":"%B424242******4242^***"}`)
	f("%3B4242424242424242%3D25121010000000000000%3F", "%3B424242******4242%3D***%3F")
	f("%3B4242424242424242%3D2512%3F", "%3B424242******4242%3D***%3F")
	f("track2=;4242424242424242=2512101?;x", "track2=***;x")

	// JSON that stands in a line of text or in a string.
	f(`request: {"card":4242424242424242,"a":1}`, `request: {"card":"424242******4242","a":1}`)
	f(`{"m":"{\"card\":4242424242424242}"}`, `{"m":"{\"card\":\"424242******4242\"}"}`)
	f(`{"m":"card: 4242424242424242"}`, `{"m":"card: 424242******4242"}`)
	f(`{"m":":4242424242424242"}`, `{"m":":424242******4242"}`)
	f("[2026-11-22] card,4242424242424242, ok", "[2026-11-22] card,424242******4242, ok")

	// Beside a card word, a number may stand close to other things.
	f("card 4242424242424242USD", "card 424242******4242USD")
	f(`{"card":4242424242424242.0}`, `{"card":"424242******4242.0"}`)
	f(`{"card":4242424242424242e0}`, `{"card":"424242******4242e0"}`)
	f("card=4242424242424242.00", "card=424242******4242.00")
	f("卡４２４２ ４２４２ ４２４２ ４２４２", "卡４２４２ ４２** **** ４２４２")
	f(`{"m":"4242\u00204242\u00204242\u00204242"}`, `{"m":"4242\u002042**\u0020****\u00204242"}`)

	// Several numbers.
	f("4242424242424242 5555555555554444", "424242******4242 555555******4444")
	f("4242 4242 4242 4242 5555 5555 5555 4444", "4242 42** **** 4242 5555 55** **** 4444")
	f("4242424242424242,4242424242424242", "424242******4242,424242******4242")
}

func TestIdentityNumbers(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{IdentityNumbers: true})
	f := func(text, want string) {
		t.Helper()
		if got := redact(t, r, text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
	}
	f("id 11010519491231002X ok", "id 110105*******1002X ok")
	f("身份证440524188001010014", "身份证440524188001010014") // born in 1880
	f("身份证11010119900307803X", "身份证110101*******7803X")
	f(`{"id":110101199003070039}`, `{"id":110101199003070039}`) // wrong check digit
}

// TestTraps holds numbers that are no cards and must come through untouched.
func TestTraps(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	for _, text := range []string{
		"4242424242424241", "42424242424242424242", "x4242424242424242", "4242424242424242x", "0.4242424242424242", "4242424242424242.55",
		"4222222222222", "30569309025904", "4200002026202611221234567890", "2088102177846880", "1732262400123", "1732262400123456789",
		"550e8400-e29b-41d4-a716-446655440000", "discard 4222222222222", "wildcard: 4222222222222", "ord_4242424242424242", "+8613800138000",
		"4242-4242-4242-4242-4242", "1-4242-4242-4242-4242", `"card":"x","id":"4222222222222"`, "192.168.100.100:4242", "2026-11-22 08:00:00.000",
	} {
		if got := r.Redact(nil, []byte(text)); string(got) != text {
			t.Errorf("Redact(%q) = %q, want no change", text, got)
		}
	}
}
