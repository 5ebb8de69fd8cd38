package receivers

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func incident() Notice {
	since := time.Date(2026, 11, 22, 14, 2, 0, 0, time.UTC)
	lost := 412.0
	return Notice{Created: since, Alerts: []Alert{{
		Name: "PaymentProviderDown", Severity: "critical", Verdict: "provider",
		Labels: map[string]string{"alertname": "PaymentProviderDown", "provider": "wechatpay", "severity": "critical"},
		Annotations: map[string]string{
			"summary": "wechatpay is failing", "summary_zh": "wechatpay 交易大量失败", "verdict": "provider", "reasons": "others_well their_errors ",
			"description":    "58% of the attempts fail for technical reasons: SYSTEM_ERROR 31%, time-out <10 s & more.\nProviders that fail: 1 of 4 with traffic.",
			"description_zh": "58% 的请求因技术原因失败：SYSTEM_ERROR 31%。有流量的 4 个渠道中 1 个失败。",
			"success":        "41.2%", "expected": "96.8%", "technical": "58%", "latency": "18s", "attempts": "1204",
			"runbook_url": "docs/runbooks/PaymentProviderDown.md",
		},
		Since: since, Value: 0.58,
		Lost: &lost,
	}}}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	p := Page{URL: "https://gatewatch.example/?a=1&b=2", RunbookURL: "https://git.example/docs/runbooks/", Host: "pay-gw-01"}
	concerned := incident()
	concerned.Merchants, concerned.MoreMerchants = []Merchant{{"M<1>", 1204}, {"商户二", 31}}, 4
	concerned.Handling = &Handling{
		Acknowledged: &Deed{Kind: DeedAcknowledge, By: Person{ID: "U0LIN", Name: "lin.wei"}, At: concerned.Created.Add(time.Minute)},
		Silence:      &Silence{By: "lin.wei (U0LIN)", Until: concerned.Created.Add(time.Hour), Own: true},
		FalseAlarm:   &Deed{Kind: DeedFalseAlarm, By: Person{Name: "somebody <else>"}},
	}
	resolved := incident()
	resolved.Alerts[0].Ended = resolved.Alerts[0].Since.Add(7*time.Minute + 5*time.Second)
	several := incident()
	second := incident().Alerts[0]
	second.Labels = map[string]string{"alertname": "Other", "severity": "warning", "provider": "unheard-of"}
	second.Severity, second.Verdict, second.Annotations, second.Lost = "warning", "unknown", nil, nil
	several.Alerts = append(several.Alerts, second)
	several.More = 3
	several.Lines = []Line{
		{several.Created, "SYSTEM_ERROR 系统异常，请用相同参数重新调用"}, {several.Created.Add(time.Second), "time-out after 10.0 s on </v3/pay> ``` \n& more"},
	}
	p.Links = []Link{{"Grafana", "https://grafana.example/d/pay?var-provider={provider}&from={from_ms}&to={to_ms}"}}
	for _, c := range []struct {
		name, language string
		notice         Notice
		late           time.Duration
		page           Page
	}{
		{"firing", "en", incident(), 0, p},
		{"firing-zh", "zh", incident(), 0, p},
		{"resolved", "en", resolved, 0, Page{}},
		{"resolved-zh", "zh", resolved, 0, p},
		{"late", "en", resolved, 3 * time.Hour, p},
		{"several", "en", several, 0, p},
		{"handled", "en", concerned, 0, p},
		{"handled-zh", "zh", concerned, 0, p},
		{"test", "en", TestNotice(incident().Created), 0, p},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMessage(c.notice, c.late, wordsFor(c.language), c.page, incident().Created.Add(7*time.Minute+30*time.Second))
			var b strings.Builder
			b.WriteString(m.text + "\n\n")
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", " ")
			if err := enc.Encode(m.blocks); err != nil {
				t.Fatal(err)
			}
			got := b.String()
			file := filepath.Join("testdata", c.name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || got != string(want) {
				t.Errorf("newMessage(%s) = %s\nwant %s (%v)", c.name, got, want, err)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	en := english()
	f := func(d time.Duration, want string) {
		t.Helper()
		if got := en.duration(d); got != want {
			t.Errorf("duration(%v) = %q, want %q", d, got, want)
		}
	}
	f(0, "0 s")
	f(59*time.Second, "59 s")
	f(60*time.Second, "1 min")
	f(65*time.Second, "1 min 5 s")
	f(11*time.Minute+5*time.Second, "11 min")
	f(time.Hour+59*time.Second, "1 h")
	f(90*time.Minute, "1 h 30 min")
	f(49*time.Hour, "2 d 1 h")
}

func TestReplaceWord(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		if got := replaceWord(text, "visa", "Visa"); got != want {
			t.Errorf("replaceWord(%q) = %q, want %q", text, got, want)
		}
	}
	f("visa is failing", "Visa is failing")
	f("a visa, an advisable visa-debit and visa", "a Visa, an advisable visa-debit and Visa")
	f("支付visa失败", "支付Visa失败")
	f("", "")
}

func FuzzMessageStaysInLimits(f *testing.F) {
	f.Add("wechatpay is <failing> & \xff", "<!channel> *bold*", 3)
	f.Add(strings.Repeat("&", 4000), strings.Repeat("长", 4000), 60)
	f.Fuzz(func(t *testing.T, summary, description string, n int) {
		notice := incident()
		for range min(max(n, 0), 100) {
			a := notice.Alerts[0]
			a.Annotations = map[string]string{"summary": summary, "description": description, "success": summary, "technical": description, "expected": description, "latency": description, "attempts": summary, "reasons": "own_errors most_providers others_well declines", "runbook_url": summary}
			a.Labels = map[string]string{"alertname": summary, "severity": description, "provider": summary}
			a.Severity = description
			notice.Alerts = append(notice.Alerts, a)
		}
		notice.Cut()
		for range 5 {
			notice.Lines = append(notice.Lines, Line{notice.Created, description + "```" + summary})
		}
		for range 9 {
			notice.Merchants = append(notice.Merchants, Merchant{summary + description, 1})
		}
		by := Person{ID: description, Name: summary}
		notice.Handling = &Handling{Acknowledged: &Deed{By: by}, FalseAlarm: &Deed{By: by}, Silence: &Silence{By: summary, Own: n%2 == 0}}
		long := Link{Name: summary, URL: "https://grafana.example/{alert}?" + strings.Repeat("x", 900)}
		m := newMessage(notice, time.Hour, english(), Page{URL: description, RunbookURL: summary, Host: description, Links: []Link{long, long, long}}, time.Now())
		m.buttons(&notice, place{description, "01234567", "slack", "0123456789abcdef"})
		m.call([]string{"<!here>"})
		if len(m.blocks) > 50 || m.total > 13_000 || utf8.RuneCountInString(m.text) > maxText || !utf8.ValidString(m.text) {
			t.Errorf("%d blocks, %d characters, text of %d: over the limits", len(m.blocks), m.total, utf8.RuneCountInString(m.text))
		}
		if strings.Contains(m.text, "<!channel") {
			t.Errorf("text %q mentions the channel", m.text)
		}
	})
}
