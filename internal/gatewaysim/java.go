package gatewaysim

import (
	"fmt"
	"time"
)

// java writes the log of the Spring Boot gateway: "time LEVEL [thread] [logger] - message".
type java struct{ file *logFile }

func (j java) line(at time.Time, level string, a *attempt, logger, message string) {
	fmt.Fprintf(&j.file.pending, "%s %-5s [http-nio-9216-exec-%d] [%s] - %s\n",
		at.Local().Format("2006-01-02 15:04:05.000"), level, a.number%60+1, logger, message)
}

func (a *attempt) payOrderID() string {
	return fmt.Sprintf("P%s%06d", a.begun().Local().Format("20060102150405"), a.number%1e6)
}

func (a *attempt) mchNo() string { return fmt.Sprintf("M%d", 1621873000+a.merchant) }

// result says how an attempt ended.
func (j java) result(a *attempt) {
	level, text := "INFO", "下单成功"
	switch a.result.kind {
	case pending:
		text = "下单处理中"
	case declined:
		level, text = "WARN", "下单失败"
	case failed:
		level, text = "ERROR", "下单异常"
	}
	sub := ""
	if a.result.sub != "" {
		sub = ", sub_code=" + a.result.sub
	}
	j.line(a.at, level, a, "c.p.g.channel.ChannelPayService", fmt.Sprintf(
		"%s mchNo=%s, payOrderId=%s, ifCode=%s, wayCode=%s, amount=%d, currency=%s, code=%s%s, msg=%s, 耗时=%dms, traceId=%s",
		text, a.mchNo(), a.payOrderID(), a.provider.ifCode, a.method, a.amount, a.currency,
		a.result.code, sub, a.result.message, a.latency.Milliseconds(), a.traceID()))
}

// request is the block of several lines that such gateways write for a request.
func (j java) request(a *attempt) {
	j.line(a.at, "INFO", a, "c.p.g.aop.RequestLogAspect", fmt.Sprintf(`
【请求地址】 POST /api/pay/unifiedOrder
【请求头信息】
    host: pay.example.com
    content-type: application/json
    x-forwarded-for: %s
【请求参数】 {"mchNo":"%s","mchOrderNo":"%d%06d","wayCode":"%s","amount":%d,"currency":"cny","subject":"商品支付"}
【请求结束】`,
		a.client, a.mchNo(), a.begun().UnixMilli(), a.number%1e6, a.method, a.amount))
}

// callback is what the provider's notice about a paid order leaves: the order was counted when it was placed.
func (j java) callback(a *attempt) {
	j.line(a.at, "INFO", a, "c.p.g.notify.ChannelNoticeController", fmt.Sprintf(
		"收到支付回调 ifCode=%s, payOrderId=%s, transactionId=42000027%s%07d, 验签=通过, 处理结果=success, 耗时=%dms",
		a.provider.ifCode, a.payOrderID(), a.at.Local().Format("200601021504"), a.number%1e7, 6+a.number%23))
}

// stack is what a time-out leaves beside the result.
func (j java) stack(a *attempt) {
	j.line(a.at, "ERROR", a, "c.p.g.channel.HttpExecutor", fmt.Sprintf(`调用支付接口异常, payOrderId=%s
java.net.SocketTimeoutException: Read timed out
	at java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)
	at java.base/sun.nio.ch.NioSocketImpl.read(NioSocketImpl.java:355)
	at org.apache.http.impl.io.SessionInputBufferImpl.fillBuffer(SessionInputBufferImpl.java:153)
	at com.payment.gateway.channel.HttpExecutor.post(HttpExecutor.java:97)
	at com.payment.gateway.channel.ChannelPayService.pay(ChannelPayService.java:64)
	... 41 common frames omitted`, a.payOrderID()))
}

// card is the line somebody forgot: it has a card in it.
func (j java) card(a *attempt, number, cvv string) {
	j.line(a.at, "DEBUG", a, "c.p.g.channel.QuickPayService", fmt.Sprintf(
		"快捷支付绑卡请求 payOrderId=%s, 卡号=%s, cvn2=%s, 有效期=0929", a.payOrderID(), number, cvv))
}
