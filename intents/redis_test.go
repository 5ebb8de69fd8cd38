package intents

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"gatewatch/event"
	"gatewatch/internal/secret"
	"gatewatch/internal/servicetest"
)

// hosts returns two trackers that share a real Redis, which ends with t.
func hosts(t *testing.T) (a, b *scene, server *servicetest.Server) {
	t.Helper()
	server = servicetest.Redis(t, "geheim")
	use := func(c *Config) {
		c.Redis = &RedisConfig{Address: server.Addr, Password: secret.Secret("geheim")}
		c.SetDefaults()
	}
	a, b = newScene(t, use), newScene(t, use)
	t.Cleanup(func() { a.close(); b.close() })
	return a, b, server
}

// settle shares what waits.
func (s *scene) settle() {
	for len(s.queue) > 0 {
		s.share(<-s.queue)
	}
}

func TestHostsShareOrders(t *testing.T) {
	t.Parallel()
	a, b, _ := hosts(t)
	a.record("alipay authorize pending order=ORDER001 tx=T1 amount=1999")
	a.record("stripe authorize approved order=ORDER002 customer=c1 card=424242******4242 amount=500 tx=ch_1")
	a.settle()
	a.wait(0)
	a.wantMetrics("payment_pending_orders", `payment_pending_orders{provider="alipay"} 1`)

	b.record("alipay callback approved order=ORDER001 tx=T1 amount=1999")
	b.record("wechatpay authorize approved order=ORDER001 tx=W1")
	b.record("stripe authorize approved order=ORDER003 customer=c1 card=424242******4242 amount=500 tx=ch_2")
	b.settle()
	b.wantFound(PaidTwice, SamePayment)
	a.wantFound()
	a.wait(0)
	b.wait(0)
	a.wantMetrics("payment_pending_orders", `payment_pending_orders{provider="alipay"} 0`)
	a.wantMetrics("payment_intents_total", `payment_intents_total{outcome="approved"} 1`)
	b.wantMetrics("payment_intents_total", `payment_intents_total{outcome="approved"} 2`)
}

// TestHostsCompareTheTimesOfTheLog lets one host read its file late: what counts is when the payments were.
func TestHostsCompareTheTimesOfTheLog(t *testing.T) {
	t.Parallel()
	a, b, _ := hosts(t)
	const who = "customer=c1 card=424242******4242 amount=500"
	a.record("stripe authorize approved order=ORDER001 tx=ch_1 " + who)
	a.settle()
	b.at = b.at.Add(6 * time.Minute) // read at the same time
	b.record("stripe authorize approved order=ORDER002 tx=ch_2 " + who)
	b.settle()
	b.wantFound()

	a.at = a.at.Add(time.Hour)
	a.record("stripe authorize approved order=ORDER003 tx=ch_3 " + who)
	a.settle()
	b.at = a.at.Add(-4 * time.Minute) // from before, read afterwards
	b.record("stripe authorize approved order=ORDER004 tx=ch_4 " + who)
	b.settle()
	a.wantFound()
	b.wantFound(SamePayment)
}

// TestHostsShareCards retries a card on another host than the one that it was declined on, also when Redis was away meanwhile.
func TestHostsShareCards(t *testing.T) {
	t.Parallel()
	a, b, server := hosts(t)
	const stolen = "visa authorize fraud code=43 customer=c1 card=411111******1111 amount=500"
	a.record(stolen + " order=ORDER001")
	a.settle()
	b.at = b.at.Add(20 * 24 * time.Hour)
	b.record(stolen + " order=ORDER002")
	b.settle()
	b.wantFound(ForbiddenRetry)
	b.wantRetries(visaNever, 1)

	server.Kill()
	b.at = b.at.Add(time.Minute)
	b.record(stolen + " order=ORDER003") // unknown to this host alone
	b.settle()
	b.record(stolen + " order=ORDER004")
	b.settle()
	b.wantRetries(visaNever, 2)
	server.Restart(t)
}

// TestCardsThatWereNotDeclinedTakeOneQuestion counts what Redis is asked for a batch of approved attempts.
func TestCardsThatWereNotDeclinedTakeOneQuestion(t *testing.T) {
	t.Parallel()
	a, _, _ := hosts(t)
	var batch []attempt
	for i := range 100 {
		ob := &observation{provider: "visa", outcome: event.Approved, card: fmt.Sprintf("411111******%04d", i), merchant: "m1", at: 1}
		batch = append(batch, attempt{observation: ob})
	}
	a.shareCards(batch)
	conn := a.shared.pool.Get()
	defer conn.Close()
	stats, err := redis.String(conn.Do("INFO", "commandstats"))
	if err != nil || !strings.Contains(stats, "cmdstat_mget:calls=1,") || strings.Contains(stats, "cmdstat_get:") {
		t.Errorf("Redis was asked %s, %v, want one MGET and no GET", stats, err)
	}
}

// TestHostOfANewerVersion has an order in Redis whose outcome this version does not know: it counts as new.
func TestHostOfANewerVersion(t *testing.T) {
	t.Parallel()
	a, _, _ := hosts(t)
	conn := a.shared.pool.Get()
	defer conn.Close()
	if _, err := conn.Do("SET", a.shared.orderKey("ORDER001"), `{"id":"ORDER001","p":"alipay","f":1,"l":1,"o":200}`); err != nil {
		t.Fatal(err)
	}
	a.record("alipay query pending order=ORDER001")
	a.record("alipay authorize provider_down order=ORDER001")
	a.settle()
	a.wait(20 * time.Minute)
	a.wantMetrics("payment_intents_total", `payment_intents_total{outcome="provider_down"} 1`)
}

// TestOneHostCountsTheEnd lets both hosts see an order that fails: it is one failed intent.
func TestOneHostCountsTheEnd(t *testing.T) {
	t.Parallel()
	a, b, _ := hosts(t)
	a.record("alipay authorize provider_down order=ORDER001")
	a.settle()
	b.at = b.at.Add(time.Minute)
	b.record("alipay authorize customer order=ORDER001")
	b.settle()
	a.wait(20 * time.Minute)
	b.wait(20 * time.Minute)
	a.wantMetrics("payment_intents_total", "")
	b.wantMetrics("payment_intents_total", `payment_intents_total{outcome="customer"} 1`)
}

func TestRedisGoesAway(t *testing.T) {
	t.Parallel()
	a, b, server := hosts(t)
	server.Kill()
	a.record("alipay authorize pending order=ORDER001")
	a.settle()
	a.record("alipay callback approved order=ORDER001")
	a.settle()
	a.wait(0)
	a.wantMetrics("payment_intents_total", `payment_intents_total{outcome="approved"} 1`)
	a.wantMetrics("gatewatch_intents_unshared_total", `gatewatch_intents_unshared_total 2`)

	server.Restart(t)
	a.wait(time.Minute)
	a.record("alipay authorize pending order=ORDER002")
	a.settle()
	b.record("alipay query approved order=ORDER002")
	b.settle()
	b.wantMetrics("payment_intents_total", `payment_intents_total{outcome="approved"} 1`)
}

// TestRedisForgets loses all keys, as a Redis without persistence does: the orders that wait are still waited for.
func TestRedisForgets(t *testing.T) {
	t.Parallel()
	a, _, server := hosts(t)
	a.record("alipay authorize pending order=ORDER001")
	a.settle()
	server.Kill()
	server.Restart(t)
	a.wait(time.Second) // finds the connection broken
	a.wait(time.Minute)
	a.wantMetrics("payment_pending_orders", `payment_pending_orders{provider="alipay"} 1`)
}

// TestRunShares drives the queue as the agent does, with hosts that race for one order.
func TestRunShares(t *testing.T) {
	t.Parallel()
	a, b, _ := hosts(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	for _, s := range []*scene{a, b} {
		go func() { ended <- s.Run(ctx) }()
	}
	for range 100 {
		a.record("alipay authorize pending order=ORDER001 tx=T1")
		b.record("alipay query pending order=ORDER001 tx=T1")
	}
	b.record("alipay callback approved order=ORDER001 tx=T1")
	deadline := time.Now().Add(time.Minute)
	for len(a.queue)+len(b.queue) > 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	stop()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	a.wantFound()
	b.wantFound()
}

func TestConfigNamesMistakes(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.Window, cfg.Keep, cfg.MaxOrders, cfg.Redis = 0, 0, 5, &RedisConfig{Address: "localhost", Database: -1}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("no mistake found")
	}
	for _, key := range []string{"window", "keep", "max_orders", "redis.address", "redis.database"} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("%q does not name %s", err, key)
		}
	}
}
