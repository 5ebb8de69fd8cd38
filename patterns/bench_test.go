package patterns_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/patterns"
)

func BenchmarkObserve(b *testing.B) {
	f := func(name, message, stack string) {
		b.Run(name, func(b *testing.B) {
			tr := patterns.New(patterns.DefaultConfig(), "", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
			ev := event.Event{Source: &event.Source{}, Time: time.Now()}
			ev.SetFact(event.Level, []byte("error"))
			ev.SetFact(event.Message, []byte(message))
			if stack != "" {
				ev.SetFact(event.ErrorStack, []byte(stack))
			}
			b.ReportAllocs()
			for b.Loop() {
				ev.Fields = ev.Fields[:0]
				tr.Observe(&ev)
			}
		})
	}
	f("short", "order ord_1234567 of merchant m_1021 declined: insufficient funds", "")
	f("pairs", "下单异常 mchNo=M1621873012, payOrderId=P20261122140912123456, ifCode=wxpay, wayCode=WX_JSAPI, amount=6400, "+
		"currency=CNY, code=SYSTEM_ERROR, msg=系统异常，请用相同参数重新调用, 耗时=1204ms, traceId=4bf92f3577b34da6a3ce929d0e0e4736", "")
	f("stack", "order 17 failed", `java.net.SocketTimeoutException: Read timed out
	at java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)
	at java.base/sun.nio.ch.NioSocketImpl.read(NioSocketImpl.java:355)
	at org.apache.http.impl.io.SessionInputBufferImpl.fillBuffer(SessionInputBufferImpl.java:153)
	at com.payment.gateway.channel.HttpExecutor.post(HttpExecutor.java:97)
	at com.payment.gateway.channel.ChannelPayService.pay(ChannelPayService.java:64)
	... 41 common frames omitted`)
}
