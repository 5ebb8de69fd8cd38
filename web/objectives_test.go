package web

import (
	"context"
	"strings"
	"testing"
	"time"
)

// budgets answers what the rules of objectives record.
type budgets map[string][]Sample

func (b budgets) Query(_ context.Context, expr string, _ time.Time) ([]Sample, error) {
	return b[expr], nil
}

func (b budgets) QueryRange(context.Context, string, time.Time, time.Time, time.Duration) ([]Line, error) {
	return nil, nil
}

func TestObjectivesPage(t *testing.T) {
	t.Parallel()
	d := newWorld(fixed(start)).deps()
	of := func(provider string) map[string]string {
		return map[string]string{"slo": "payments", "provider": provider}
	}
	d.Series = budgets{
		"slo:period_sli_error:ratio":              {{of("alipay"), 0.00013}, {of("visa"), 0.0095}},
		"slo:period_error_budget_remaining:ratio": {{of("alipay"), 0.974}, {of("visa"), -0.9}},
		"slo:current_burn_rate:ratio":             {{of("alipay"), 0.04}, {of("visa"), 1.94}},
		"slo:period_events_total:sum":             {{of("alipay"), 123456}, {of("visa"), 1000}},
	}
	day := 24 * time.Hour
	d.Objectives = func() []Objective { return []Objective{{"payments", 0.995, 30 * day}, {"latency", 0.9, 7 * day}} }
	f := func(path string, wants ...string) {
		t.Helper()
		body := fetch(t, handlerOf(t, d), path).Body.String()
		at := 0
		for _, want := range wants {
			next := strings.Index(body[at:], want)
			if next < 0 {
				t.Fatalf("%s has no %q, or not in this order:\n%s", path, want, body)
			}
			at += next
		}
	}
	f("/objectives?lang=en", `<a href="/objectives" aria-current="page">Objectives</a>`,
		`<tr class="bad">`, "Visa", "99.5\u00a0% over 30\u00a0d", "99.05\u00a0%", "-90.0\u00a0%", "1.9×",
		`<tr class="ok">`, "Alipay", "99.987\u00a0%", "123,456", "97.4\u00a0%", "0.0×",
		"latency", "90\u00a0% over 7\u00a0d", "nothing counted yet")
	f("/objectives?lang=zh", "服务目标", "支付宝", "尚无数据")
	f("/?lang=en", `<a href="/objectives">Objectives</a>`)
	d.Objectives = nil
	if body := fetch(t, handlerOf(t, d), "/").Body.String(); strings.Contains(body, "/objectives") {
		t.Error("the pages name objectives when there are none")
	}
}
