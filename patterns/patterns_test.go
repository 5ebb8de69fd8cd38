package patterns_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"gatewatch/event"
	"gatewatch/patterns"
)

func newTracker(t *testing.T, path string, change func(*patterns.Config)) (*patterns.Tracker, *prometheus.Registry) {
	t.Helper()
	cfg := patterns.DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	reg := prometheus.NewRegistry()
	return patterns.New(cfg, path, slog.New(slog.DiscardHandler), reg), reg
}

// observe lets the tracker see a record of now, and returns its key or "".
func observe(tr *patterns.Tracker, level, message string, set ...func(*event.Event)) string {
	var ev event.Event
	ev.Reset()
	ev.Source, ev.Time = &event.Source{}, time.Now()
	if level != "" {
		ev.SetFact(event.Level, []byte(level))
	}
	ev.SetFact(event.Message, []byte(message))
	for _, s := range set {
		s(&ev)
	}
	tr.Observe(&ev)
	for _, f := range ev.Fields {
		if f.ECS && string(f.Name) == patterns.Field {
			return string(f.Value)
		}
	}
	return ""
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	f := func(message, want string) {
		t.Helper()
		tr, _ := newTracker(t, "", nil)
		observe(tr, "error", message)
		all, _ := tr.List(0)
		if len(all) != 1 || all[0].Text != want {
			t.Errorf("template of %q = %+v, want %q", message, all, want)
		}
	}
	f("order 20261122140912 not found", "order <*> not found")
	f("trace 4bf92f3577b34da6a3ce929d0e0e4736 lost, id=9f0c2a1e-4a8f-4a53-9f0e-0d7c2c1b6a11", "trace <*> lost, id=<*>")
	f("card 411111******1111 refused", "card <*> refused")
	f("connect to 10.0.0.7:5432 failed after 3000 ms", "connect to <*> failed after <*>")
	f("connect to db-3.pay.internal:5432: connection refused", "connect to <*>: connection refused")
	f("connect to fe80::1ff:fe23:4567:890a: no route", "connect to <*>: no route")
	f("POST https://api.mch.weixin.qq.com/v3/pay?x=1&y=abc: timeout", "POST <*>: timeout")
	f("cannot read /etc/gateway/keys.pem: permission denied", "cannot read <*>: permission denied")
	f("java.net.SocketTimeoutException: Read timed out", "java.net.SocketTimeoutException: Read timed out")
	f("user alice is locked", "user <*> is locked")
	f("user unknown", "user unknown")
	f("pay failed code=SYSTEM_ERROR amount=1999 wayCode=WX_JSAPI", "pay failed code=SYSTEM_ERROR amount=<*> wayCode=<*>")
	f("declined code=51 order=51", "declined code=51 order=<*>")
	f("ChannelRetMsg(channelOrderId=7, channelErrCode=SYSTEMERROR)", "ChannelRetMsg(channelOrderId=<*>, channelErrCode=SYSTEMERROR)")
	f("retry at Mon Nov 22 14:02:11 2026", "retry at <*>")
	f("read/write error", "read/write error")
	f("tried [1, 2, 3]", "tried [<*>]")
	f("a   b\t c", "a b c")
	f("订单P20261122支付失败，金额100元", "订单<*>支付失败，金额<*>元")
	f("下单异常 ifCode=wxpay, code=SYSTEM_ERROR, msg=系统异常，请用相同参数重新调用, 耗时=1204ms",
		"下单异常 ifCode=<*>, code=SYSTEM_ERROR, msg=系统异常，请用相同参数重新调用, 耗时=<*>")
	f("数据库连接超时（重试3次）", "数据库连接超时（重试<*>次）")
	f(strings.Repeat("支付", 1000), strings.Repeat("支付", 67))
}

func TestOnlyTrouble(t *testing.T) {
	t.Parallel()
	tr, reg := newTracker(t, "", nil)
	reason := func(ev *event.Event) { ev.SetFact(event.ErrorMessage, []byte("refused")) }
	stack := func(ev *event.Event) { ev.SetFact(event.ErrorStack, []byte("E: x\n\tat a.b.C.d(C.java:1)")) }
	for _, none := range []string{
		observe(tr, "info", "order 1 paid"), observe(tr, "", "order 1 paid"), observe(tr, "info", "answer", reason),
		observe(tr, "error", ""), observe(tr, "error", "x", func(ev *event.Event) { ev.Malformed = "cut off" }),
	} {
		if none != "" {
			t.Errorf("a record without trouble has the key %q", none)
		}
	}
	for _, key := range []string{
		observe(tr, "warn", "a"), observe(tr, "error", "b"), observe(tr, "fatal", "c"), observe(tr, "", "d", reason), observe(tr, "info", "e", stack),
	} {
		if len(key) != 16 {
			t.Errorf("an error has the key %q, want 16 characters", key)
		}
	}
	if n := testutil.ToFloat64(countOf{reg, "log_new_templates_total"}); n != 5 {
		t.Errorf("log_new_templates_total = %v, want 5", n)
	}
}

// The key is the same on every host and after every restart.
func TestKeyIsStable(t *testing.T) {
	t.Parallel()
	a, _ := newTracker(t, "", nil)
	b, _ := newTracker(t, "", nil)
	observe(b, "error", "something else")
	one := observe(a, "error", "order 17 not found")
	if other := observe(b, "error", "order 18 not found"); one != other || one != "db83e00d31aedf09" {
		t.Errorf("keys are %q and %q, want db83e00d31aedf09", one, other)
	}
	with := func(ev *event.Event) { ev.SetFact(event.ErrorMessage, []byte("dial 10.0.0.1:80 refused")) }
	observe(a, "error", "payment failed", with)
	if all, _ := a.List(1); len(all) != 1 {
		t.Errorf("List(1) has %d", len(all))
	}
	if !slices.ContainsFunc(list(a), func(p patterns.Template) bool { return p.Text == "payment failed: dial <*> refused" }) {
		t.Errorf("no template of message and error: %+v", list(a))
	}
}

func list(tr *patterns.Tracker) []patterns.Template {
	all, _ := tr.List(0)
	return all
}

func TestDetails(t *testing.T) {
	t.Parallel()
	tr, _ := newTracker(t, "", nil)
	pay := func(provider, code string) func(*event.Event) {
		return func(ev *event.Event) { ev.Payment.Provider, ev.Payment.Code = provider, code }
	}
	for i := range 20 {
		observe(tr, "warn", fmt.Sprintf("order %d failed", i), pay("visa", fmt.Sprint(i)))
	}
	observe(tr, "error", "order 21 failed", pay("alipay", "1"))
	p := list(tr)[0]
	if p.Count != 21 || p.Level != "error" || p.Sample != "order 0 failed" || p.Recent != 21 || p.Hour != 21 || len(p.Minutes) != 60 {
		t.Errorf("template = %+v", p)
	}
	if !slices.Equal(p.Providers, []string{"visa", "alipay"}) || len(p.Codes) != 8 {
		t.Errorf("providers %q, codes %q, want two and eight", p.Providers, p.Codes)
	}
}

// A word that takes many values becomes a star, and all of them one template.
func TestVariants(t *testing.T) {
	t.Parallel()
	tr, _ := newTracker(t, "", nil)
	names := strings.Fields("apple pear plum fig lime kiwi melon date grape peach guava mango lemon papaya")
	for range 2 {
		for _, name := range names {
			observe(tr, "error", "no stock of "+name+" in this shop")
		}
	}
	if all := list(tr); len(all) != 1 || all[0].Text != "no stock of <*> in this shop" || all[0].Count != 28 {
		t.Errorf("templates = %+v, want one", all)
	}
	// Codes say what is wrong.
	for c := range 20 {
		observe(tr, "error", "provider answers with code=E_"+strings.Repeat("X", c)+" again and again")
	}
	if n := len(list(tr)); n != 21 {
		t.Errorf("%d templates, want one for each code", n)
	}
}

// TestVariantsOfMasked has names that vary where masking put a star already: both are one template with one series.
func TestVariantsOfMasked(t *testing.T) {
	t.Parallel()
	const names = 12
	tr, reg := newTracker(t, "", nil)
	masked := observe(tr, "error", "login refused for account bob42 now")
	for i := range names {
		observe(tr, "error", "login refused for account bob"+strings.Repeat("x", i)+" now")
	}
	all, _ := tr.List(0)
	if len(all) != 1 || all[0].Key != masked || all[0].Text != "login refused for account <*> now" || all[0].Count != names+1 {
		t.Errorf("List() = %+v, want one template with %d records", all, names+1)
	}
	if _, err := reg.Gather(); err != nil {
		t.Errorf("Gather() = %v", err)
	}
	if key := observe(tr, "error", "login refused for account eve7 now"); key != masked {
		t.Errorf("key = %q, want %q as before", key, masked)
	}
	if n := testutil.ToFloat64(countOf{reg, "log_templates"}); n != 1 {
		t.Errorf("log_templates = %v, want 1", n)
	}
}

func TestBounded(t *testing.T) {
	t.Parallel()
	tr, reg := newTracker(t, "", func(c *patterns.Config) { c.MaxTemplates, c.MaxSeries = 10, 3 })
	for i := range 1000 {
		observe(tr, "error", "E"+strings.Repeat("x", i%60)+" is wrong") // too short to be variants
		observe(tr, "error", "the one that stays")
	}
	if n := len(list(tr)); n != 10 {
		t.Errorf("%d templates, want 10", n)
	}
	if n := testutil.ToFloat64(countOf{reg, "gatewatch_log_templates_evicted_total"}); n < 500 {
		t.Errorf("%v evicted", n)
	}
	var series int
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, f := range families {
		if f.GetName() == "log_template_records_total" {
			series = len(f.GetMetric())
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	if series > 4 || sum > 2000 {
		t.Errorf("%d series with %v records, want at most 4 with 2000", series, sum)
	}
}

func TestNewSinceDeploy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr, _ := newTracker(t, "", nil)
		isNew := func(text string) bool {
			return slices.ContainsFunc(list(tr), func(p patterns.Template) bool { return p.Text == text && p.New })
		}
		observe(tr, "error", "old one")
		if isNew("old one") {
			t.Error("what is seen while learning is new")
		}
		time.Sleep(2 * time.Hour)
		observe(tr, "error", "later one")
		if !isNew("later one") {
			t.Error("what is seen after learning is not new")
		}
		time.Sleep(time.Minute)
		tr.Deployed("1.2.3")
		if isNew("later one") {
			t.Error("what was seen before the deploy is new")
		}
		time.Sleep(time.Hour)
		observe(tr, "error", "latest one")
		time.Sleep(48 * time.Hour)
		if _, sum := tr.List(0); !isNew("latest one") || sum.Deploy.Version != "1.2.3" {
			t.Errorf("what was first seen since the deploy is not new: %+v", sum)
		}
		time.Sleep(6 * 24 * time.Hour)
		if isNew("latest one") {
			t.Error("a deploy of a week ago still makes it new")
		}
	})
}

func TestRising(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr, reg := newTracker(t, "", nil)
		rising := func() bool {
			return slices.ContainsFunc(list(tr), func(p patterns.Template) bool { return p.Rising })
		}
		for minute := range 90 {
			for range 4 {
				observe(tr, "error", "usual trouble")
			}
			if minute%20 == 0 { // a burst of few is no rise
				for range 3 {
					observe(tr, "error", "rare trouble")
				}
			}
			if rising() {
				t.Fatalf("minute %d: rises: %+v", minute, list(tr))
			}
			time.Sleep(time.Minute)
		}
		for range 100 {
			observe(tr, "error", "usual trouble")
		}
		if !rising() {
			t.Errorf("100 in a minute after 4 do not rise: %+v", list(tr))
		}
		if n := testutil.ToFloat64(countOf{reg, "log_template_rising_ratio"}); n < 3 {
			t.Errorf("log_template_rising_ratio = %v", n)
		}
	})
}

func TestRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "patterns.json")
	synctest.Test(t, func(t *testing.T) {
		tr, _ := newTracker(t, path, nil)
		for _, name := range strings.Fields("apple pear plum fig lime kiwi melon date grape peach guava mango") {
			observe(tr, "error", "no stock of "+name+" in this shop")
		}
		observe(tr, "error", "连接超时 3 次")
		tr.Deployed("7")
		stop := run(t, tr)
		stop()
		want, wantSum := tr.List(0)

		again, _ := newTracker(t, path, nil)
		got, sum := again.List(0)
		if fmt.Sprint(got) != fmt.Sprint(want) || sum.Deploy.Version != wantSum.Deploy.Version {
			t.Errorf("after a restart\n%+v %+v, want\n%+v %+v", got, sum, want, wantSum)
		}
		if key := observe(again, "error", "no stock of lemon in this shop"); key != want[0].Key {
			t.Errorf("a variant has the key %q, want %q", key, want[0].Key)
		}
	})
}

func run(t *testing.T, tr *patterns.Tracker) (stop func()) {
	t.Helper()
	ctx, cancel := contextOf(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := tr.Run(ctx); err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	return func() { cancel(); wg.Wait() }
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	tr, reg := newTracker(t, "", func(c *patterns.Config) { c.MaxTemplates = 20 })
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				observe(tr, "error", fmt.Sprintf("group %c fails with E%s", 'a'+g, strings.Repeat("x", i%50)))
				if i%100 == 0 {
					list(tr)
					if _, err := reg.Gather(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}
