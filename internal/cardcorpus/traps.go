package cardcorpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// ids are numbers that gateways log and that are no cards'.
var ids = [...]struct {
	kind string
	make func(rnd *rand.Rand, at time.Time) string
}{
	{"epoch ms", func(_ *rand.Rand, at time.Time) string { return fmt.Sprint(at.UnixMilli()) }},
	{"epoch µs", func(_ *rand.Rand, at time.Time) string { return fmt.Sprint(at.UnixMicro()) }},
	{"epoch ns", func(_ *rand.Rand, at time.Time) string { return fmt.Sprint(at.UnixNano()) }},
	{"WeChat transaction", func(rnd *rand.Rand, at time.Time) string {
		return "4200" + digits(rnd, 6) + at.Format("20060102") + digits(rnd, 10)
	}},
	{"WeChat order", func(rnd *rand.Rand, at time.Time) string { return at.Format("20060102150405") + digits(rnd, 6) }},
	{"Alipay partner", func(rnd *rand.Rand, _ time.Time) string { return "2088" + digits(rnd, 12) }},
	{"Alipay app", func(rnd *rand.Rand, at time.Time) string { return at.Format("2006") + digits(rnd, 12) }},
	{"Alipay trade", func(rnd *rand.Rand, at time.Time) string { return at.Format("20060102") + "22001" + digits(rnd, 15) }},
	{"UnionPay query id", func(rnd *rand.Rand, at time.Time) string { return at.Format("20060102150405") + digits(rnd, 7) }},
	{"snowflake", func(rnd *rand.Rand, at time.Time) string {
		return fmt.Sprint((at.UnixMilli()-1288834974657)<<22 | rnd.Int64N(1<<22))
	}},
	{"dated sequence", func(rnd *rand.Rand, at time.Time) string { return at.Format("20060102150405") + digits(rnd, 3) }},
	{"dated order that passes Luhn", func(rnd *rand.Rand, at time.Time) string {
		return withCheckDigit(at.Format("20060102") + digits(rnd, 7))
	}},
	{"prefixed order that passes Luhn", func(rnd *rand.Rand, _ time.Time) string { return "P" + withCheckDigit("4"+digits(rnd, 14)) }},
	{"UUID", func(rnd *rand.Rand, _ time.Time) string {
		return hexes(rnd, 8) + "-" + hexes(rnd, 4) + "-4" + hexes(rnd, 3) + "-a" + hexes(rnd, 3) + "-" + hexes(rnd, 12)
	}},
	{"trace id", func(rnd *rand.Rand, _ time.Time) string { return hexes(rnd, 32) }},
	{"span id", func(rnd *rand.Rand, _ time.Time) string { return hexes(rnd, 16) }},
	{"base64 id", func(rnd *rand.Rand, _ time.Time) string { return drawn(rnd, base64Alphabet, 43) }},
	{"amount", func(rnd *rand.Rand, _ time.Time) string { return digits(rnd, 9) + "." + digits(rnd, 2) }},
	{"float", func(rnd *rand.Rand, _ time.Time) string { return fmt.Sprint(rnd.Float64()) }},
	{"mobile number", func(rnd *rand.Rand, _ time.Time) string { return "+861" + digits(rnd, 10) }},
	{"phone number", func(rnd *rand.Rand, _ time.Time) string {
		return "+1-" + digits(rnd, 3) + "-" + digits(rnd, 3) + "-" + digits(rnd, 4)
	}},
	{"time", func(_ *rand.Rand, at time.Time) string { return at.Format("2006-01-02 15:04:05.000") }},
	{"compact time", func(_ *rand.Rand, at time.Time) string { return at.Format("20060102150405.000") }},
	{"years", func(rnd *rand.Rand, _ time.Time) string { return "2023 2024 2025 2026" }},
	{"address", func(rnd *rand.Rand, _ time.Time) string {
		return fmt.Sprintf("%d.%d.%d.%d:%d", rnd.IntN(256), rnd.IntN(256), rnd.IntN(256), rnd.IntN(256), rnd.IntN(65536))
	}},
	{"IPv6 address", func(rnd *rand.Rand, _ time.Time) string {
		return "2001:db8:" + hexes(rnd, 4) + ":" + hexes(rnd, 4) + ":" + hexes(rnd, 4) + ":" + hexes(rnd, 4)
	}},
	{"any 13 digits", func(rnd *rand.Rand, _ time.Time) string { return digits(rnd, 13) }},
	{"any 14 digits", func(rnd *rand.Rand, _ time.Time) string { return digits(rnd, 14) }},
	{"more than 19 digits", func(rnd *rand.Rand, _ time.Time) string { return digits(rnd, 20+rnd.IntN(13)) }},
	{"table", func(rnd *rand.Rand, _ time.Time) string {
		row := func() string { return "4" + digits(rnd, 3) + " 4" + digits(rnd, 3) + " 4" + digits(rnd, 3) }
		return row() + "\n" + row()
	}},
	{"version", func(rnd *rand.Rand, _ time.Time) string {
		return "4." + digits(rnd, 4) + "." + digits(rnd, 4) + "." + digits(rnd, 4)
	}},
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// idForms are texts around an id.
var idForms = [...]string{
	`{"id":"%s","amount":1250}`, "id=%s&x=1", "order %s paid", "<id>%s</id>", "订单号：%s，", "[%s] done", "GET /v1/orders/%s HTTP/1.1",
	`{"msg":"{\"trace\":\"%s\"}"}`, "%s", "a\n%s\nb", "%%22%s%%22",
}

// orderForms are texts that say of a number that it is an order's or a message's. Numbers there that any issuer could
// have issued are none of a card.
var orderForms = [...]string{
	`{"order_id":"%s","amount":1250}`, `{"orderId":%s}`, "out_trade_no=%s&x=1", "<transaction_id>%s</transaction_id>", "mchOrderNo=%s, ok",
	`{"msg":"{\"tradeNo\":\"%s\"}"}`, "订单号：%s，", "request_id=%s",
}

// Ids makes n texts with one id each that is no card number. One of ten is a number that passes for a card's but for
// the name beside it.
func Ids(seed uint64, n int) []Sample {
	rnd := rand.New(rand.NewPCG(seed, 2))
	start := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	samples := make([]Sample, n)
	for i := range samples {
		if i%10 == 9 {
			number := ""
			for len(number) < 15 {
				number = cardNumber(rnd)
			}
			samples[i] = Sample{Kind: "named order that passes for a card", Text: fmt.Sprintf(orderForms[rnd.IntN(len(orderForms))], number)}
			continue
		}
		id := ids[i%len(ids)]
		at := start.Add(time.Duration(rnd.Int64N(int64(6 * 365 * 24 * time.Hour))))
		text := id.make(rnd, at)
		form := idForms[rnd.IntN(len(idForms))]
		if strings.ContainsAny(text, " ") {
			form = "at %s, ok"
		}
		samples[i] = Sample{Kind: id.kind, Text: fmt.Sprintf(form, text)}
	}
	return samples
}
