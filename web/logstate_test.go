package web

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

var cst = time.FixedZone("CST", 8*3600)

func TestLogStateRoundTrip(t *testing.T) {
	t.Parallel()
	f := func(link, want string) {
		t.Helper()
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		st := parseLogState(u.Query(), cst)
		if got := st.Link(); got != want {
			t.Errorf("state of %s links to %s, want %s", link, got, want)
		}
	}
	f("/logs", "/logs")
	f("/logs?range=1h", "/logs")
	f("/logs?range=bogus&level=&x=y", "/logs")
	f("/logs?q=a+b&level=error&provider=wechatpay&outcome=provider_down&range=24h",
		"/logs?level=error&outcome=provider_down&provider=wechatpay&q=a+b&range=24h")
	f("/logs?range=6h&from=2026-11-22T14:02&to=2026-11-22T14:09:30", "/logs?from=2026-11-22T14%3A02%3A00&to=2026-11-22T14%3A09%3A30")
	f("/logs?from=2026-11-22T06:02:00Z", "/logs?from=2026-11-22T14%3A02%3A00")
	f("/logs?from=yesterday", "/logs")
	f("/logs?before=1795327781203&skip=2", "/logs?before=1795327781203&skip=2")
	f("/logs?before=-5&skip=9", "/logs")
	f("/logs?before=1795327781203&skip=999999999", "/logs?before=1795327781203&skip=5000")
}

func TestLogStateQuery(t *testing.T) {
	t.Parallel()
	st := parseLogState(url.Values{"q": {"系统异常 code:X"}, "level": {"error"}, "range": {"15m"}}, cst)
	want := LogQuery{From: start.Add(-15 * time.Minute), Equal: []Match{{"payment.code", "X"}, {"log.level", "error"}},
		Words: []string{"系统异常"}, Limit: 11, Budget: searchBudget}
	if got := st.query(start, 11); !reflect.DeepEqual(got, want) {
		t.Errorf("query = %+v, want %+v", got, want)
	}
	if got := parseLogState(url.Values{"range": {"all"}}, cst).query(start, 11); !got.From.IsZero() {
		t.Errorf("query over all begins at %v, want no bound", got.From)
	}
}

func TestLogStateWith(t *testing.T) {
	t.Parallel()
	st := logState{Text: "x", Range: "1h", Before: 5, Skip: 1}
	f := func(name, value, want string) {
		t.Helper()
		if got := st.with(name, value).Link(); got != want {
			t.Errorf("with(%q, %q) = %s, want %s", name, value, got, want)
		}
	}
	f("log.level", "warn", "/logs?level=warn&q=x")
	f("payment.provider", "alipay", "/logs?provider=alipay&q=x")
	f("payment.order_id", "A 1", "/logs?q=x+payment.order_id%3A%22A+1%22")
}

func FuzzLogState(f *testing.F) {
	f.Add("q=a&level=error&range=24h&before=1795327781203&skip=2")
	f.Add("from=2026-11-22T14:02&to=2026-11-22T14:09:30&q=%FF%00")
	f.Fuzz(func(t *testing.T, query string) {
		v, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		st := parseLogState(v, cst)
		again := parseLogState(st.Values(), cst)
		if st.Link() != again.Link() {
			t.Errorf("state of %q links to %s, and that to %s", query, st.Link(), again.Link())
		}
		if strings.Contains(st.Link(), "//") {
			t.Errorf("link %s", st.Link())
		}
		st.query(start, 10)
	})
}
