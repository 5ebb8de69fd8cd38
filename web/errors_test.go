package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func groupsOf(now time.Time) ErrorGroups {
	minutes := make([]int, 60)
	minutes[59] = 40
	return ErrorGroups{All: 2, NewSince: now.Add(-24 * time.Hour), Groups: []ErrorGroup{
		{Key: "026fadccee1fd339", Text: "call of <*> failed: <b>x</b>", Sample: "call of 17 failed: <b>x</b>", Level: "error", Count: 1204, Hour: 40,
			First: now.Add(-time.Minute), Last: now, Providers: []string{"wechatpay"}, Codes: []string{"SYSTEM_ERROR"}, Minutes: minutes, New: true},
		{Key: "1f38af355d01ad9b", Text: "余额不足", Level: "warn", Count: 7, First: now.Add(-72 * time.Hour), Last: now.Add(-50 * time.Hour),
			Minutes: make([]int, 60), Rising: true, Factor: 4.2},
	}}
}

func TestErrorsPage(t *testing.T) {
	t.Parallel()
	f := func(lang string, wants ...string) {
		t.Helper()
		d := newWorld(fixed(start)).deps()
		d.Errors = func(int) ErrorGroups { return groupsOf(start) }
		rec := httptest.NewRecorder()
		handlerOf(t, d).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:9600/errors?lang="+lang, nil))
		if rec.Code != http.StatusOK {
			t.Fatalf("/errors = %d %s", rec.Code, rec.Body)
		}
		for _, want := range wants {
			if !strings.Contains(rec.Body.String(), want) {
				t.Errorf("/errors in %s has no %q:\n%s", lang, want, rec.Body)
			}
		}
	}
	f("en", `<tr id="e-026fadccee1fd339" class="bad">`, `<i class="tag">new</i>`, "call of <i class=\"any\"", "failed: &lt;b&gt;x&lt;/b&gt;",
		"1,204 in all", `points="2.0,28.0 `, ` 138.0,2.0"`, "WeChat Pay", "SYSTEM_ERROR", `href="/logs?q=error.grouping_key%3A026fadccee1fd339"`,
		`<tr id="e-1f38af355d01ad9b" class="ok">`, "rising ×4", `range=7d`, `<a href="/errors" aria-current="page">Errors</a>`)
	f("zh", `<i class="tag">新增</i>`, "上升 ×4", "微信支付", "2 类")
}

// TestUnclassed shows codes that wait for a class, with what gives them one.
func TestUnclassed(t *testing.T) {
	t.Parallel()
	d := newWorld(fixed(start)).deps()
	d.Errors = func(int) ErrorGroups { return ErrorGroups{NewSince: start} }
	d.Unclassed = func() []UnclassedCode {
		return []UnclassedCode{
			{Provider: "wechatpay", Code: "NEW\"CODE", Count: 1204, First: start.Add(-time.Hour), Last: start, Sample: "<b>余额</b>"},
			{Provider: "stripe", Count: 1, First: start, Last: start},
			{Provider: "newpay", Code: "E7", Count: 1, First: start, Last: start, Unknown: true},
		}
	}
	f := func(path string, wants ...string) {
		t.Helper()
		rec := httptest.NewRecorder()
		handlerOf(t, d).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:9600"+path, nil))
		for _, want := range wants {
			if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), want) {
				t.Errorf("%s = %d without %q:\n%s", path, rec.Code, want, rec.Body)
			}
		}
	}
	f("/errors?lang=en", "Codes without a class", "WeChat Pay", "NEW&#34;CODE", "&lt;b&gt;余额", "1,204",
		"providers:\n  wechatpay:\n    &#34;NEW\\&#34;CODE&#34;: {class: CLASS, note: what it means, source: who says so}",
		"failed, without a code", "names: [&#34;newpay&#34;]\nproviders:\n  newpay:\n", "payment.outcome%3Aunclassed")
	f("/errors?lang=zh", "未分类的返回码", "可粘贴的配置行", "失败，无返回码")
	f("/api/v1/unclassed", `{"data":[{"provider":"wechatpay","code":"NEW\"CODE","count":1204,"first_seen":"`,
		`"yaml":"providers:\n  wechatpay:\n    \"NEW\\\"CODE\": {class: CLASS,`)
}

func TestErrorsPageEmpty(t *testing.T) {
	t.Parallel()
	d := newWorld(fixed(start)).deps()
	d.Errors = func(int) ErrorGroups {
		return ErrorGroups{NewSince: start.Add(-time.Hour), Deploy: "2.4.1", DeployedAt: start.Add(-time.Hour)}
	}
	rec := httptest.NewRecorder()
	handlerOf(t, d).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:9600/errors", nil))
	for _, want := range []string{"No errors or warnings seen yet.", "since deploy 2.4.1"} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("/errors has no %q:\n%s", want, rec.Body)
		}
	}
}

func TestErrorsPageWhileLearning(t *testing.T) {
	t.Parallel()
	d := newWorld(fixed(start)).deps()
	d.Errors = func(int) ErrorGroups { return ErrorGroups{NewSince: start.Add(time.Hour)} }
	rec := httptest.NewRecorder()
	handlerOf(t, d).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:9600/errors", nil))
	if want := "learning until 2026-11-22 15:09:41"; !strings.Contains(rec.Body.String(), want) {
		t.Errorf("/errors has no %q:\n%s", want, rec.Body)
	}
}

func TestHostileErrors(t *testing.T) {
	t.Parallel()
	for _, text := range hostile {
		d := newWorld(fixed(start)).deps()
		d.Errors = func(int) ErrorGroups {
			return ErrorGroups{Deploy: text, DeployedAt: start, Groups: []ErrorGroup{
				{Key: text, Text: text, Sample: text, Level: text, Providers: []string{text}, Codes: []string{text}, New: true}}}
		}
		rec := httptest.NewRecorder()
		handlerOf(t, d).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:9600/errors", nil))
		harmless(t, "/errors", parse(t, rec.Body.String()))
	}
}

func TestDeploys(t *testing.T) {
	t.Parallel()
	f := func(method, from, body string, headers map[string]string, want int, wantVersion string) {
		t.Helper()
		var told string
		d := newWorld(fixed(start)).deps()
		d.Deployed = func(version string) { told = version }
		rec := answerTo(handlerOf(t, d), from, method, "/api/v1/deploys", body, headers)
		if rec.Code != want || told != wantVersion {
			t.Errorf("%s %q from %s = %d %q and %q told, want %d and %q", method, body, from, rec.Code, rec.Body, told, want, wantVersion)
		}
	}
	const here, good = "127.0.0.1:5000", `{"version":"2.4.1"}`
	f(http.MethodPost, here, good, nil, 200, "2.4.1")
	f(http.MethodGet, here, good, nil, 405, "")
	f(http.MethodPost, "10.1.2.3:5000", good, nil, 403, "")
	f(http.MethodPost, here, good, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "")
	f(http.MethodPost, here, `{"version":" "}`, nil, 400, "")
	f(http.MethodPost, here, `2.4.1`, nil, 400, "")
	f(http.MethodPost, here, `{"version":"`+strings.Repeat("1", 5000)+`"}`, nil, 400, "")
}
