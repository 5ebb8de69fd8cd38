package patterns_test

import (
	"testing"

	"gatewatch/event"
)

func TestStacks(t *testing.T) {
	t.Parallel()
	f := func(name, stack, want string) {
		t.Helper()
		tr, _ := newTracker(t, "", nil)
		observe(tr, "error", "order 17 failed", func(ev *event.Event) { ev.SetFact(event.ErrorStack, []byte(stack)) })
		if all := list(tr); len(all) != 1 || all[0].Text != want {
			t.Errorf("%s: template = %+v, want %q", name, all, want)
		}
	}
	f("java", `com.shop.PayException: order 17
	at com.shop.pay.PayService.pay(PayService.java:64)
	at org.springframework.web.Dispatcher.go(Dispatcher.java:1)
Caused by: java.net.SocketTimeoutException: Read timed out
	at java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)
	at com.shop.http.HttpExecutor.post(HttpExecutor.java:97)
	at com.shop.pay.PayService$$EnhancerBySpringCGLIB$$1f2e.pay(<generated>)
	at com.shop.pay.PayService.lambda$run$12(PayService.java:64)
	at com.shop.pay.PayService.more(PayService.java:64)
	... 41 common frames omitted`,
		"java.net.SocketTimeoutException at com.shop.http.HttpExecutor.post < com.shop.pay.PayService < com.shop.pay.PayService.lambda$run$")
	f("java, the cause is in libraries", `com.shop.PayException: order 17
	at com.shop.pay.PayService.pay(PayService.java:64)
Caused by: java.net.ConnectException: refused
	at java.base/sun.nio.ch.Net.connect(Net.java:288)
	... 41 more`, "java.net.ConnectException at com.shop.pay.PayService.pay")
	f("java, a general class", `java.lang.RuntimeException: order 17 of 3 is gone
	at com.shop.pay.PayService.pay(PayService.java:64)`, "java.lang.RuntimeException: order <*> of <*> is gone at com.shop.pay.PayService.pay")
	f("java thread", `Exception in thread "main" java.lang.IllegalStateException: x
	at com.shop.Main.main(Main.java:3)`, "java.lang.IllegalStateException at com.shop.Main.main")
	f("node", `Error: connect ECONNREFUSED 10.0.0.7:443
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1607:16)
    at async settle (/app/src/pay.js:12:3)
    at /app/src/server.ts:88:12
    at Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5)`,
		"Error: connect ECONNREFUSED <*> at pay.js:settle < server.ts")
	f("old node", `Error: connect ECONNREFUSED 10.0.0.7:443
    at TCPConnectWrap.afterConnect [as oncomplete] (net.js:1141:16)`, "Error: connect ECONNREFUSED <*> at net.js:TCPConnectWrap.afterConnect")
	f("node with a cause", `PayError: order 17
    at settle (/app/src/pay.js:12:3) {
  [cause]: TypeError: Cannot read properties of undefined
      at parse (/app/src/wx.js:40:3)
}`, "TypeError at wx.js:parse")
	f("python", `Traceback (most recent call last):
  File "/app/wx.py", line 12, in call
    return post(url)
  File "/usr/lib/python3.12/site-packages/requests/api.py", line 59, in request
    raise
requests.exceptions.Timeout: timed out after 10 s

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/pay.py", line 40, in settle
    call()
PayError: order 17`, "requests.exceptions.Timeout at wx.py:call")
	f("go", `panic: runtime error: index out of range [5] with length 3

goroutine 34 [running]:
panic({0x1234, 0xc000})
	/usr/local/go/src/runtime/panic.go:770 +0x132
main.(*Server).settle(0xc0001, {0x1, 0x2})
	/src/pay/server.go:88 +0x1d
main.main()
	/src/pay/main.go:12 +0x25`, "panic: runtime error: index out of range [<*>] with length <*> at main.(*Server).settle < main.main")
	f("go, as loggers write it", `pay.(*Wechat).Create
	/src/pay/wechat.go:88
main.main
	/src/pay/main.go:12`, "order <*> failed")
	f("rust", `thread 'tokio-runtime-worker' panicked at src/settle.rs:10:5:
order 17 has no amount
stack backtrace:
   0: rust_begin_unwind
             at /rustc/abc/library/std/src/panicking.rs:647:5
   1: core::panicking::panic_fmt
   2: gateway::settle::run
             at ./src/settle.rs:10:5
   3: gateway::main`, "panic: order <*> has no amount at gateway::settle::run < gateway::main")
	f("no frames", "something went wrong 17 times", "order <*> failed")
}

// A trace within the message counts as one.
func TestStackInMessage(t *testing.T) {
	t.Parallel()
	tr, _ := newTracker(t, "", nil)
	a := observe(tr, "error", "order 1 failed\njava.io.IOException: x\n\tat com.shop.A.b(A.java:1)")
	b := observe(tr, "error", "another text 2\njava.io.IOException: y\n\tat com.shop.A.b(A.java:7)")
	if a != b || list(tr)[0].Text != "java.io.IOException at com.shop.A.b" {
		t.Errorf("keys %q and %q of %+v", a, b, list(tr))
	}
}

func FuzzObserve(f *testing.F) {
	f.Add("order 17 failed", "E: x\n\tat a.b.C.d(C.java:1)")
	f.Add("订单\xff17 user ", "Traceback (most recent call last):\n  File \"/a\", line 1, in x\nE")
	f.Add("a=\"b c", "panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:1\n  0: a\n at ")
	f.Fuzz(func(t *testing.T, message, stack string) {
		tr, reg := newTracker(t, "", nil)
		set := func(ev *event.Event) { ev.SetFact(event.ErrorStack, []byte(stack)) }
		one := observe(tr, "error", message, set)
		if two := observe(tr, "error", message, set); one != two {
			t.Errorf("keys of %q, %q: %q and %q", message, stack, one, two)
		}
		if _, err := reg.Gather(); err != nil {
			t.Error(err)
		}
	})
}
