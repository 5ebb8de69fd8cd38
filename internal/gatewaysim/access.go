package gatewaysim

import (
	"fmt"
	"time"
)

// nginx writes the access log before both gateways: combined, and request and upstream time.
type nginx struct{ file *logFile }

func (n nginx) line(at time.Time, client, request string, status, size int, agent string, took time.Duration) {
	// The upstream's part is what nginx measures, in milliseconds, below the whole.
	fmt.Fprintf(&n.file.pending, "%s - - [%s] \"%s HTTP/1.1\" %d %d \"-\" \"%s\" %.3f %.3f\n",
		client, at.Local().Format("02/Jan/2006:15:04:05 -0700"), request, status, size, agent,
		took.Seconds()+0.001, took.Seconds())
}

// payment is the request that an attempt came with. The Java gateway answers 200 whatever the provider says.
func (n nginx) payment(a *attempt) {
	size := 240 + int(a.number%180)
	if a.provider.java {
		status := 200
		if a.result.status == 504 {
			status = 504
		}
		n.line(a.at, a.client, "POST /api/pay/unifiedOrder", status, size, "okhttp/4.12.0", a.latency+4*time.Millisecond)
		return
	}
	status := a.result.status
	if status == 500 {
		status = 502
	}
	n.line(a.at, a.client, "POST /v1/payments", status, size, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)", a.latency+3*time.Millisecond)
}

// query is a client that asks how its order is doing.
func (n nginx) query(a *attempt) {
	n.line(a.at, a.client, fmt.Sprintf("GET /v1/orders/ord_%d?fields=status", a.number), 200, 180, "okhttp/4.12.0",
		time.Duration(4+a.number%20)*time.Millisecond)
}

// callback is the provider's notice.
func (n nginx) callback(a *attempt, status int) {
	client := fmt.Sprintf("101.226.103.%d", a.number%250)
	if status != 200 {
		client = a.client
	}
	n.line(a.at, client, "POST /api/pay/notify/"+a.provider.ifCode, status, 7, "Mozilla/4.0",
		time.Duration(8+a.number%23)*time.Millisecond)
}
