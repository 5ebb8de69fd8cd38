package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatewatch/internal/fakeslack"
	"gatewatch/internal/servicetest"
)

// The demo is what a newcomer sees first: moving charts, an incident that is noticed and that heals, in a browser, on
// the terminal, in Slack and for a Prometheus that scrapes.
func TestDemo(t *testing.T) {
	browser := servicetest.Chromium(t)
	slack := fakeslack.New()
	api := httptest.NewServer(slack)
	t.Cleanup(api.Close)
	t.Setenv("SLACK_TOKEN", fakeslack.Token)
	t.Setenv("SLACK_CHANNEL", fakeslack.Channel)
	t.Setenv("SLACK_APP_TOKEN", fakeslack.AppToken)
	t.Setenv("SLACK_API_URL", api.URL)
	p := start(t, "demo", "-listen", "127.0.0.1:0", "-incident-after", "12s")
	prometheus := servicetest.Prometheus(t, strings.TrimPrefix(p.base, "http://"))

	ctx := startBrowser(t, browser)
	if err := chromedp.Do(ctx, chromedp.Navigate(p.base+"/"), chromedp.WaitVisible("canvas")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the incident is on the terminal", func() error { return contains(p.text(), "ALERT ") })
	eventually(t, "the incident is on the page, without a reload", func() error {
		now, err := chromedp.Run(ctx, chromedp.Text("main"))
		if err != nil {
			return err
		}
		return contains(now, "WeChat Pay is failing")
	})
	eventually(t, "the incident is in Slack, with a chart", func() error {
		m, ok := slackMessage(slack, "WeChat Pay is failing, on their side")
		if !ok || !m.Has("data_visualization") || !m.Has("actions") {
			return fmt.Errorf("%d messages: %+v", len(slack.Messages()), slack.Messages())
		}
		return cmp.Or(contains(m.All(), "```"), contains(m.All(), "Merchants concerned: "))
	})
	eventually(t, "a button works", func() error {
		m, _ := slackMessage(slack, "WeChat Pay is failing, on their side")
		return slack.Press(fakeslack.User{ID: "U0LIN", Name: "lin.wei"}, m.TS, "gatewatch_acknowledge", "")
	})
	eventually(t, "the page says who has it", func() error {
		incidents, err := httpGet(p.base + "/incidents?lang=en")
		if err != nil {
			return err
		}
		return contains(incidents, "acknowledged by lin.wei")
	})
	eventually(t, "Prometheus has the failures", func() error {
		body, err := httpGet(prometheus.URL + "/api/v1/query?query=" + url.QueryEscape(
			`sum(payment_attempts_total{provider="wechatpay",outcome=~"provider_down|unknown_outcome"}) > 10`))
		if err != nil {
			return err
		}
		return contains(body, `"value":[`)
	})
	if err := chromedp.Do(ctx, chromedp.Navigate(p.base+"/?lang=zh"), chromedp.WaitVisible("canvas")); err != nil {
		t.Fatal(err)
	}
	zh, err := chromedp.Run(ctx, chromedp.Text("main"))
	if err != nil {
		t.Fatal(err)
	}
	if err := contains(zh, "微信支付"); err != nil {
		t.Error(err)
	}
	search, err := httpGet(p.base + "/logs?q=" + url.QueryEscape("provider:wechatpay SYSTEM_ERROR"))
	if err != nil {
		t.Fatal(err)
	}
	if err := contains(search, "SYSTEM_ERROR"); err != nil {
		t.Error(err)
	}
	eventually(t, "the page of errors has what the incident brought", func() error {
		errors, err := httpGet(p.base + "/errors?lang=en")
		if err != nil {
			return err
		}
		_, newest, _ := strings.Cut(errors, `<i class="tag">new</i>`)
		return contains(newest, "java.net.SocketTimeoutException at com.payment.gateway.channel.HttpExecutor.post")
	})
	eventually(t, "it resolves on the terminal", func() error { return contains(p.text(), "RESOLVED ") })
	eventually(t, "the same message in Slack says so", func() error {
		m, ok := slackMessage(slack, "🟢 Resolved: WeChat Pay is failing")
		if !ok || len(slack.Replies(m.TS)) == 0 {
			return fmt.Errorf("messages: %+v", slack.Messages())
		}
		return contains(m.History[0], "🔴 WeChat Pay is failing")
	})
	reportDelay(t, p.text())
	p.stop()
}

func contains(text, want string) error {
	if !strings.Contains(text, want) {
		return fmt.Errorf("no %q in %.3000s", want, text)
	}
	return nil
}

var delay = regexp.MustCompile(`\(([0-9.]+) s after the first failing line\)`)

// reportDelay logs how long the first alert took; how fast a machine is decides no test.
func reportDelay(t *testing.T, text string) {
	t.Helper()
	m := delay.FindStringSubmatch(text)
	if m == nil {
		t.Errorf("the terminal does not say how long the alert took:\n%s", text)
		return
	}
	if s, err := strconv.ParseFloat(m[1], 64); err != nil || s <= 0 {
		t.Errorf("delay %q is no time", m[1])
	}
	t.Logf("first alert %s s after the first failing line", m[1])
}

func startBrowser(t *testing.T, b servicetest.Browser) context.Context {
	t.Helper()
	opts := []chromedp.ExecAllocatorOption{chromedp.ExecPath(b.Path), chromedp.WindowSize(1280, 1000)}
	for name, value := range b.Flags {
		opts = append(opts, chromedp.Flag(name, value))
	}
	opts = append(opts, chromedp.WSURLReadTimeout(2*time.Minute)) // on a busy machine Chromium starts late
	ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Logf("stop the browser: %v", err)
		}
		cancel()
		stop()
	})
	return ctx
}

// slackMessage returns the message in the channel that has the text.
func slackMessage(slack *fakeslack.Server, text string) (fakeslack.Message, bool) {
	for _, m := range slack.Heads() {
		if strings.Contains(m.All(), text) {
			return m, true
		}
	}
	return fakeslack.Message{}, false
}
