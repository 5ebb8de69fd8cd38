package cardcorpus

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"gatewatch/internal/faults/gatewaylog"
)

// lineForms are ordinary log lines. In them {d9} stands for nine digits, {h8} for eight hexadecimal ones, {b20} for
// letters and digits, {ms} for epoch milliseconds, {t} for a time and {ip} for an address.
var lineForms = [...]string{
	"{t} INFO  [http-nio-9216-exec-7] [c.p.g.channel.ChannelPayService] - 下单 mchNo=M{d10}, payOrderId=P{d20}, amount={d5}, 耗时={d3}ms",
	"{t} ERROR [exec-{d2}] [c.p.Wx] - 【微信支付】回调 out_trade_no={d20}, transaction_id=4200{d24}, trace={h32}",
	`{"level":30,"time":{ms},"pid":{d4},"hostname":"pay-{d2}","reqId":"{h8}-{h4}-4{h3}-a{h3}-{h12}","responseTime":{d2}.{d15},"msg":"done"}`,
	`{"level":"info","ts":{ms}.{d6},"caller":"pay/handler.go:{d3}","msg":"charge ok","order":"{d17}","amount":{d6}}`,
	`ts={t} level=info msg="settled" batch=2026{d10} rows={d6} sum={d9}.{d2} took={d3}.{d6}ms`,
	"Nov 22 08:00:00 pay-1 sshd[{d5}]: Accepted publickey for deploy from {ip} port {d5} ssh2: RSA SHA256:{b43}",
	"Nov 22 08:00:00 pay-1 kernel: [{d6}.{d6}] eth0: Link is Up - 10000 Mbps, rx {d12} tx {d13}",
	`{ip} - - [22/Nov/2026:08:00:00 +0800] "GET /static/app.{h20}.js?v={ms} HTTP/1.1" 200 {d6} "-" "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) Mobile/15E148"`,
	"{t} [{d5}] LOG:  duration: {d4}.{d3} ms  statement: SELECT * FROM orders WHERE id IN ({d8}, {d8}, {d8}, {d8})",
	"I1122 08:00:00.{d6} {d7} reflector.go:{d3}] watch of *v1.Pod ended with: {d10} uid {h8}-{h4}-{h4}-{h4}-{h12}",
	"081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block blk_{d19} terminating",
	"- 11176693{d2} 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.{d6} RAS KERNEL INFO instruction cache parity error {h8}",
	"\tat com.pay.gateway.channel.wxpay.WxpayPaymentService$$EnhancerBySpringCGLIB$${h8}.pay(<generated>) ~[classes!/:1.{d1}.{d2}]",
	`msgid=<{d14}.{h8}@mail.pay.example> size={d5} relay={ip} delay={d1}.{d2} delays=0.{d2}/0/0.{d2}/0.{d2} dsn=2.0.0`,
	`{"mchId":"{d10}","nonce_str":"{b32}","timestamp":"{d10}","body":"{b60}","sign_type":"RSA"}`,
	"{d4} {d4} {d3} {d4} queue depths; {d2}:{d2}:{d2}; 0x{h16} 0x{h16}; {d1}.{d16}e-05",
}

// Lines makes n ordinary lines without card numbers.
func Lines(seed uint64, n int) []Sample {
	rnd := rand.New(rand.NewPCG(seed, 3))
	gateway := gatewaylog.NewLines(int64(seed))
	start := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	samples := make([]Sample, n)
	for i := range samples {
		at := start.Add(time.Duration(i) * 137 * time.Millisecond)
		switch form := rnd.IntN(len(lineForms) + 2); form {
		case len(lineForms):
			samples[i] = Sample{"gateway json", string(bytes.TrimSpace(gateway.Append(nil, gatewaylog.JSON, i, at))), ""}
		case len(lineForms) + 1:
			samples[i] = Sample{"gateway nginx", string(bytes.TrimSpace(gateway.Append(nil, gatewaylog.Nginx, i, at))), ""}
		default:
			samples[i] = Sample{"line " + strconv.Itoa(form), filled(rnd, lineForms[form], at), ""}
		}
	}
	return samples
}

// filled puts values in the place of what stands between braces.
func filled(rnd *rand.Rand, form string, at time.Time) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(form, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, ok := strings.Cut(rest, "}")
		value := ""
		if ok {
			value = drawnAs(rnd, name, at)
		}
		if value == "" { // a brace of the line
			b.WriteByte('{')
			form = rest
			continue
		}
		b.WriteString(value)
		form = after
	}
}

func drawnAs(rnd *rand.Rand, name string, at time.Time) string {
	switch name {
	case "t":
		return at.Format("2006-01-02 15:04:05.000")
	case "ms":
		return strconv.FormatInt(at.UnixMilli(), 10)
	case "ip":
		return "10." + digits(rnd, 2) + ".0." + digits(rnd, 2)
	}
	n, err := strconv.Atoi(name[min(1, len(name)):])
	if err != nil {
		return ""
	}
	switch name[0] {
	case 'd':
		return digits(rnd, n)
	case 'h':
		return hexes(rnd, n)
	case 'b':
		return drawn(rnd, base64Alphabet[:62], n)
	}
	return ""
}
