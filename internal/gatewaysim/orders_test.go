package gatewaysim

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	orderNumber = regexp.MustCompile(`payOrderId=(P\d+)`)
	askedFor    = regexp.MustCompile(`查询上游订单 .*payOrderId=(P\d+)`)
	waits       = regexp.MustCompile(`下单处理中 .*payOrderId=(P\d+)`)
)

func TestOrders(t *testing.T) {
	t.Parallel()
	cfg := noRotation
	cfg.IncidentAfter = 20 * time.Second
	log := string(simulate(t, cfg, 3*time.Minute)[JavaLog])
	open, retried := map[string]int{}, 0
	position, twice := 0, 0
	paidAt := map[string]string{}
	for line := range strings.Lines(log) {
		position++
		if m := waits.FindStringSubmatch(line); m != nil && position < strings.Count(log, "\n")/2 {
			open[m[1]] = position
		}
		if strings.Contains(line, ", attempt=2") {
			retried++
		}
		isPaid := strings.Contains(line, "下单成功") || strings.Contains(line, "收到支付回调") && strings.Contains(line, "state=SUCCESS")
		m := orderNumber.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if isPaid || askedFor.MatchString(line) {
			delete(open, m[1])
		}
		if isPaid {
			_, rest, _ := strings.Cut(line, "ifCode=")
			by, _, _ := strings.Cut(rest, ",")
			if paidAt[m[1]] != "" && paidAt[m[1]] != by {
				twice++
			}
			paidAt[m[1]] = by
		}
	}
	if len(open) > 0 {
		t.Errorf("%d orders of the first half never got a result", len(open))
	}
	if retried < 50 {
		t.Errorf("%d second attempts, want many", retried)
	}
	if twice != 1 {
		t.Errorf("%d orders paid at two providers, want one", twice)
	}
	for text, want := range map[string]int{"验签失败": 1 + forged, "WECHATPAY/SIGNTEST/": 1} {
		if n := strings.Count(log, text); n != want {
			t.Errorf("%q stands %d times in the log, want %d", text, n, want)
		}
	}
	if !strings.Contains(log, "com.wechat.pay.java.core.exception.ServiceException") {
		t.Error("the incident leaves no exception of WeChat Pay's library")
	}
}
