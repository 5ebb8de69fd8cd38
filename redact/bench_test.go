package redact

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatewatch/internal/faults/gatewaylog"
)

// BenchmarkRedact measures what a record of each kind costs. The generated ones vary, as in a file, so that the
// processor cannot learn a line by heart.
func BenchmarkRedact(b *testing.B) {
	logback := []byte("2026-11-22 08:00:00.123 INFO  [http-nio-9216-exec-7] [c.j.j.p.c.AbstractPayOrderController] - 【微信支付】统一下单 " +
		"payOrderId=P1761264000123456, 请求参数：{\"mchNo\":\"M1621873433953\",\"amount\":100,\"currency\":\"cny\",\"wayCode\":\"WX_JSAPI\"}")
	trace := "2026-11-22 08:00:00.123 ERROR [exec-7] [c.p.g.Pay] - charge failed\njava.net.SocketTimeoutException: Read timed out\n" +
		strings.Repeat("\tat org.apache.http.impl.io.SessionInputBufferImpl.fillBuffer(SessionInputBufferImpl.java:137) ~[httpcore-4.4.13.jar:4.4.13]\n", 60)
	chinese := "2026-11-22 08:00:00.123 WARN  [exec-7] - 商户订单支付失败，原因：系统异常，请稍后重试；渠道返回超时，订单状态未知，已加入查询队列，等待下一次轮询。" +
		"商户名称：上海某某科技有限公司，门店：人民广场店，操作员：张三，备注：顾客扫码后页面无响应"
	card := bytes.Replace(line, []byte("622202******0042"), []byte("4242424242424242"), 1)
	secret := bytes.Replace(line, []byte(`"client_ip":"`), []byte(`"access_token":"`), 1)
	customer := bytes.Replace(line, []byte(`"client_ip":"`), []byte(`"user_id":"`), 1)
	inner := fmt.Sprintf(`{"time":"2026-11-22T08:00:00.137Z","level":"info","msg":%q}`, line)
	for _, c := range []struct {
		name    string
		records [][]byte
	}{
		{"json", generated(gatewaylog.JSON)}, {"nginx", generated(gatewaylog.Nginx)}, {"logback", [][]byte{logback}},
		{"chinese", [][]byte{[]byte(chinese)}}, {"json in json", [][]byte{[]byte(inner)}}, {"stack trace", [][]byte{[]byte(trace)}},
		{"one card", [][]byte{card}}, {"one secret", [][]byte{secret}},
		{"one customer", [][]byte{customer}},
	} {
		b.Run(c.name, func(b *testing.B) { benchmark(b, c.records) })
	}
}

func benchmark(b *testing.B, records [][]byte) {
	key := make([]byte, KeySize)
	r := newRedactor(Config{}).ForCustomers(Customers{Key: func([]byte) []byte { return key }})
	size := 0
	for _, record := range records {
		size += len(record)
	}
	b.SetBytes(int64(size / len(records)))
	b.ReportAllocs()
	dst := make([]byte, 0, 16<<10)
	for i := 0; b.Loop(); i++ {
		r.Redact(dst, records[i%len(records)])
	}
}

// generated returns lines of the load generator.
func generated(format string) [][]byte {
	lines := gatewaylog.NewLines(42)
	start := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	records := make([][]byte, 1000)
	for i := range records {
		text := lines.Append(nil, format, i, start.Add(time.Duration(i)*137*time.Microsecond))
		records[i] = bytes.TrimSuffix(text, newline)
	}
	return records
}
