package web

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"gatewatch/internal/servicetest"
)

// tab is an open page, and what its console said.
type tab struct {
	ctx context.Context
	t   *testing.T

	mu       sync.Mutex
	messages []string
}

// open starts a browser of its own with one empty page.
func open(t *testing.T) *tab {
	t.Helper()
	chromium := servicetest.Chromium(t)
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(chromium.Path), chromedp.WindowSize(1280, 1000), chromedp.WSURLReadTimeout(stepTime)}
	for name, value := range chromium.Flags {
		options = append(options, chromedp.Flag(name, value))
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{ctx: ctx, t: t}
	console := chromedp.Console(ctx)
	var reader sync.WaitGroup
	reader.Go(func() {
		for m, err := range console {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" || m.Type == "warning" {
				b.mu.Lock()
				b.messages = append(b.messages, m.String()+" "+m.URL)
				b.mu.Unlock()
			}
		}
	})
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Log("close the browser:", err)
		}
		reader.Wait()
	})
	b.do(chromedp.Navigate("about:blank"))
	return b
}

// stepTime is how long one step of a test may take on a busy machine.
const stepTime = 2 * time.Minute

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx := b.ctx
	if chromedp.FromContext(ctx).Target != nil {
		limited, cancel := context.WithTimeout(ctx, stepTime)
		defer cancel()
		ctx = limited
	}
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.silent()
		b.t.Fatal(err)
	}
}

// silent fails the test if the console said anything: an error, a warning, a violated policy.
func (b *tab) silent() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.messages {
		b.t.Errorf("console: %s", m)
	}
}

// value returns the value of a JavaScript expression.
func value[T any](b *tab, expr string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expr))
	if err != nil {
		b.silent()
		b.t.Fatalf("%q: %v", expr, err)
	}
	return v
}

// await waits until the JavaScript expression is true of a page that is there to its end, also over a change of the page.
func (b *tab) await(what, expr string) {
	b.t.Helper()
	expr = `document.readyState === "complete" && (` + expr + `)`
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expr))
		if ok {
			return
		}
		select {
		case <-ctx.Done():
			b.silent()
			b.t.Fatalf("%s: %q did not become true (last error: %v)", what, expr, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// command is a command of the browser's protocol as a step.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

// pause stops the updates of the page, which then stands still.
func (b *tab) pause() {
	b.t.Helper()
	b.do(chromedp.WaitVisible("#live"), chromedp.Click("#live"))
	b.await("paused", `document.getElementById("live").textContent === "paused"`)
}

func serve(t *testing.T, w *world) string {
	t.Helper()
	s := httptest.NewServer(w.handler(t))
	t.Cleanup(s.Close)
	return s.URL
}

// painted tells whether the canvas of the element has pixels of more than one colour.
const painted = `(() => { const c = document.querySelector(%q); if (!c) return false;
	const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
	const seen = new Set(); for (let i = 0; i < d.length; i += 4) seen.add(d[i] << 24 | d[i+1] << 16 | d[i+2] << 8 | d[i+3]);
	return seen.size > 8 })()`

func TestBrowserLive(t *testing.T) {
	t.Parallel()
	w := newWorld(time.Now)
	address := serve(t, w)
	b := open(t)
	b.do(chromedp.Navigate(address + "/"))
	b.await("success chart", fmt.Sprintf(painted, "#chart-success canvas"))
	b.await("latency chart", fmt.Sprintf(painted, "#chart-latency canvas"))
	value[bool](b, `window.same = document.querySelector("#chart-success canvas"); window.row = document.querySelector("#records details"); row.open = true; true`)

	w.mu.Lock()
	w.incidents = append(w.incidents, Incident{ID: "h1", Name: "HostDiskFull", Severity: "critical", Since: w.now(),
		Summary: map[string]string{"en": "The disk of this host is full"}})
	w.providers = w.providers[1:]
	w.incidents = w.incidents[1:]
	w.mu.Unlock()
	b.await("new verdict without a reload", `document.querySelector(".verdict h1").textContent.startsWith("The disk of this host is full")`)
	b.await("title", `document.title.startsWith("The disk of this host is full")`)
	if got := value[bool](b, `row.isConnected && row.open && same === document.querySelector("#chart-success canvas")`); got != true {
		t.Errorf("after an update the opened row and the chart are still there = %v, want true", got)
	}
	b.silent()
}

func TestBrowserPausesAndSaysWhenAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(time.Now)
	s := httptest.NewServer(w.handler(t))
	t.Cleanup(s.Close)
	b := open(t)
	b.do(chromedp.Navigate(s.URL + "/"))
	b.pause()
	before := value[string](b, `document.querySelector("header time").textContent`)
	b.do(chromedp.Sleep(2500 * time.Millisecond)) // longer than the interval: an update would show
	if after := value[string](b, `document.querySelector("header time").textContent`); after != before {
		t.Errorf("clock of the paused page went from %v to %v", before, after)
	}
	b.do(chromedp.Click("#live"))
	b.await("goes on", fmt.Sprintf(`document.querySelector("header time").textContent !== %q`, before))
	b.silent()
	s.CloseClientConnections()
	s.Close()
	b.await("no connection", `document.getElementById("live").textContent === "no connection"`)
}

func TestBrowserSearchesByClicking(t *testing.T) {
	t.Parallel()
	w := newWorld(time.Now)
	address := serve(t, w)
	b := open(t)
	b.do(chromedp.Navigate(address+"/"), chromedp.SendKeys("#search input", "系统异常\r"), chromedp.WaitVisible(".filters"))
	b.pause() // rows that move while they are clicked on are missed
	b.do(chromedp.Click(`#records tbody td:nth-child(3) a[href*="provider=wechatpay"]`))
	b.await("filtered by provider", `document.querySelector("select[name=provider]").value === "wechatpay"`)
	at := value[string](b, `location.href`)
	if !strings.Contains(at, "provider=wechatpay") || !strings.Contains(at, "q=%E7%B3%BB") || strings.Contains(at, "level=") {
		t.Errorf("link after search and click = %s, want the word and the provider in it, nothing empty", at)
	}
	if got := value[bool](b, `[...document.querySelectorAll("#records tbody tr")].every(r => r.cells[2].textContent === "wechatpay" && r.textContent.includes("系统异常"))`); got != true {
		t.Error("a record does not match the search")
	}
	b.pause()
	b.do(chromedp.Click("#records summary"), chromedp.WaitVisible("#records details[open] dl"), chromedp.Click("#live"))
	b.await("says that records wait", `!document.getElementById("frozen").hidden`)
	b.silent()
}

func TestBrowserChinese(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.do(chromedp.Navigate(serve(t, newWorld(time.Now))+"/"), chromedp.Click(`header a[hreflang=zh]`))
	b.await("Chinese verdict", `document.querySelector("h1").textContent.includes("微信支付出现异常")`)
	b.await("Chinese chart", `document.querySelector("#chart-success .u-legend")?.textContent.includes("平时")`)
	b.do(chromedp.Click(`header nav a[href="/incidents"]`))
	b.await("language is remembered", `document.documentElement.lang === "zh-Hans" && document.body.textContent.includes("进行中")`)
	b.silent()
}

func TestBrowserDark(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	}), chromedp.Navigate(serve(t, newWorld(time.Now))+"/"))
	b.await("chart", fmt.Sprintf(painted, "#chart-success canvas"))
	if got := value[string](b, `getComputedStyle(document.body).backgroundColor`); got != "rgb(18, 20, 22)" {
		t.Errorf("background in the dark = %v, want rgb(18, 20, 22)", got)
	}
	b.silent()
}

func TestBrowserWithoutScript(t *testing.T) {
	t.Parallel()
	b := open(t)
	address := serve(t, newWorld(time.Now))
	b.do(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}),
		chromedp.Navigate(address+"/"))
	text, err := chromedp.Run(b.ctx, chromedp.Text("main"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"WeChat Pay is failing", "Alipay", "usual 9", "CPU 31", "系统异常"} {
		if !strings.Contains(text, want) {
			t.Errorf("page without script lacks %q", want)
		}
	}
	b.do(chromedp.Submit("#search"), chromedp.WaitVisible(".filters"), chromedp.Click("#records summary"), chromedp.WaitVisible("#records details[open] dl"))
}

func TestBrowserPausesWhenHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(time.Now)
	b := open(t)
	b.do(chromedp.Navigate(serve(t, w) + "/agent"))
	b.await("live", `document.getElementById("live").textContent === "live"`)
	value[bool](b, `window.fetched = window.answered = 0; document.addEventListener("htmx:beforeRequest", () => window.fetched++); document.addEventListener("htmx:afterRequest", () => window.answered++); true`)
	// Hidden between two requests: one that is on its way would stand in for the one that is asked for at the end.
	b.await("hidden between two requests", `fetched > 0 && answered === fetched && (Object.defineProperty(document, "hidden", {get: () => window.away ?? true, configurable: true}), window.fetched = 0, true)`)
	b.do(chromedp.Sleep(2500 * time.Millisecond)) // longer than the interval: a request would show
	if got := value[int](b, `fetched`); got != 0 {
		t.Errorf("a hidden page asked %v times, want 0", got)
	}
	if got := value[int](b, `window.away = false; document.dispatchEvent(new Event("visibilitychange")); fetched`); got != 1 {
		t.Errorf("the page asked %v times at once when it was seen again, want 1", got)
	}
	b.silent()
}

func TestBrowserNarrow(t *testing.T) {
	t.Parallel()
	address := serve(t, newWorld(time.Now))
	b := open(t)
	for _, path := range []string{"/", "/logs", "/orders", "/errors", "/incidents", "/agent"} {
		b.do(chromedp.EmulateViewport(390, 844), chromedp.Navigate(address+path))
		if wide := value[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
			t.Errorf("%s on a telephone is %d pixels too wide", path, wide)
		}
	}
	b.silent()
}
