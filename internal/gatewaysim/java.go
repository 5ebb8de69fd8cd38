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
	return fmt.Sprintf("P%s%06d", a.placed.Local().Format("20060102150405"), a.order%1e6)
}

func (a *attempt) mchNo() string { return fmt.Sprintf("M%d", 1621873000+a.merchant) }

// codes is the provider's answer, as the gateway writes it.
func (r result) codes() string {
	if r.sub == "" {
		return r.code
	}
	return r.code + ", sub_code=" + r.sub
}

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
	more := ""
	if a.result.kind == approved {
		more = ", channelOrderNo=" + a.transaction()
	}
	if a.try > 1 {
		more += fmt.Sprintf(", attempt=%d", a.try)
	}
	j.line(a.at, level, a, "c.p.g.channel.ChannelPayService", fmt.Sprintf(
		"%s mchNo=%s, payOrderId=%s, ifCode=%s, wayCode=%s, amount=%d, currency=%s, code=%s, msg=%s%s, 耗时=%dms, traceId=%s",
		text, a.mchNo(), a.payOrderID(), a.provider.ifCode, a.method, a.amount, a.currency,
		a.result.codes(), a.result.message, more, a.latency.Milliseconds(), a.traceID()))
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
		"收到支付回调 ifCode=%s, payOrderId=%s, transactionId=%s, amount=%d, currency=%s, state=SUCCESS, 验签=通过, 处理结果=success, 耗时=%dms",
		a.provider.ifCode, a.payOrderID(), a.transaction(), a.amount, a.currency, 6+a.number%23))
}

// refused is a callback whose signature is wrong; its order stays encrypted. test is how WeChat Pay marks those that it
// sends on purpose, or "".
func (j java) refused(a *attempt, test string) {
	j.line(a.at, "WARN", a, "c.p.g.notify.ChannelNoticeController", fmt.Sprintf(
		"收到支付回调 ifCode=%s, 验签失败, clientIp=%s, Wechatpay-Signature=%s%016x, 应答=401", a.provider.ifCode, a.client, test, a.trace[0]))
}

// query is the provider's answer when it is asked for the state of an order.
func (j java) query(a *attempt) {
	j.line(a.at, "INFO", a, "c.p.g.channel.ChannelOrderQueryService", fmt.Sprintf(
		"查询上游订单 ifCode=%s, payOrderId=%s, code=%s, msg=%s, 耗时=%dms",
		a.provider.ifCode, a.payOrderID(), a.result.codes(), a.result.message, 20+a.number%60))
}

// refusal is what the provider's own error leaves beside the result.
func (j java) refusal(a *attempt) {
	j.line(a.at, "ERROR", a, "c.p.g.channel.wxpay.WxpayPaymentService", fmt.Sprintf(`微信支付下单异常, payOrderId=%s
com.wechat.pay.java.core.exception.ServiceException: Wrong HttpStatusCode[500] httpResponseBody[{"code":"SYSTEM_ERROR","message":"系统异常，请用相同参数重新调用"}]
	at com.wechat.pay.java.core.http.AbstractHttpClient.validateResponse(AbstractHttpClient.java:98)
	at com.wechat.pay.java.core.http.AbstractHttpClient.execute(AbstractHttpClient.java:45)
	at com.payment.gateway.channel.wxpay.WxpayPaymentService.pay(WxpayPaymentService.java:88)
	at com.payment.gateway.channel.ChannelPayService.pay(ChannelPayService.java:64)
	... 38 common frames omitted`, a.payOrderID()))
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
