package web

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// hostile is what somebody could write into a log by way of a payment.
var hostile = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`' onmouseover='alert(1)`,
	`</details></td></tr></table><script src=//evil></script>`,
	`javascript:alert(1)`,
	`{{.}}{{printf "%s" "x"}}`,
	"bad \xff\xfe utf-8 \x00 null",
	"\u202Egpj.exe \u2066",
	`<!--`, `]]>`, "`${alert(1)}`",
}

func hostileWorld() *world {
	w := newWorld(fixed(start))
	for i, text := range hostile {
		doc, _ := json.Marshal(map[string]any{
			"log.level": text, "message": text, "payment.provider": text, "payment.outcome": text, "payment.order_id": text,
			"fields": map[string]any{text: text},
		})
		w.extra = append(w.extra, Hit{Time: start, Path: text, Offset: int64(i), Document: doc},
			Hit{Time: start, Path: text, Offset: int64(1000 + i), Document: []byte(text)},
			Hit{Time: start, Path: text, Offset: int64(2000 + i), Document: []byte(`{"message":"` + text)})
		w.incidents = append(w.incidents, Incident{ID: text, Name: text, Severity: text, Side: text, Since: start,
			Summary: map[string]string{"en": text}, Description: map[string]string{"en": text}, Labels: map[string]string{text: text}})
		w.agent.Files = append(w.agent.Files, File{Path: text, Format: text, Error: text})
		w.agent.Outputs = append(w.agent.Outputs, Output{Name: text, Waiting: text, Error: text})
		w.providers = append(w.providers, fakeProvider{name: text, perMin: 100, usual: map[string]float64{"approved": 0, "provider_down": 1},
			codes: map[string]string{"provider_down": text}})
	}
	w.agent.Config = strings.Join(hostile, "\n")
	return w
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	w := hostileWorld()
	h := w.handler(t)
	for _, path := range []string{"/", "/logs?range=all", "/incidents", "/agent", "/?provider=" + url.QueryEscape(hostile[1])} {
		for _, text := range append([]string{""}, hostile...) {
			at := path
			if text != "" {
				at = "/logs?q=" + url.QueryEscape(text) + "&level=" + url.QueryEscape(text) + "&provider=" + url.QueryEscape(text)
			}
			body := fetch(t, h, at).Body.String()
			harmless(t, at, parse(t, body))
			if strings.Contains(body, "\xff") {
				t.Errorf("%s has invalid UTF-8", at)
			}
			if path != "/logs?range=all" {
				break
			}
		}
	}
	body := fetch(t, h, "/logs?range=all").Body.String()
	if !strings.Contains(body, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the log line with a script is not shown as text")
	}
}

// harmless fails if the document has anything that the templates do not have.
func harmless(t *testing.T, path string, doc *html.Node) {
	t.Helper()
	for d := range doc.Descendants() {
		if d.Type != html.ElementNode {
			continue
		}
		if d.Data == "img" || d.Data == "script" && !strings.HasPrefix(attr(d, "src"), "/static/") || d.Data == "style" {
			t.Errorf("%s has <%s src=%q>", path, d.Data, attr(d, "src"))
		}
		for _, a := range d.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("%s has the attribute %s=%q", path, a.Key, a.Val)
			}
			if a.Key == "href" && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "//") {
				t.Errorf("%s links to %q", path, a.Val)
			}
		}
	}
}

func TestLogsFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(fixed(start))
	h := w.handler(t)
	doc := parse(t, fetch(t, h, "/logs?q=%E7%B3%BB%E7%BB%9F+outcome:provider_down&provider=wechatpay&range=24h").Body.String())
	rows := all(all(doc, "table", "logs")[0], "tr", "")[1:]
	if len(rows) == 0 {
		t.Fatal("no rows")
	}
	for _, r := range rows {
		if got := text(r); !strings.Contains(got, "wechatpay provider_down SYSTEM_ERROR 系统异常") {
			t.Fatalf("row %q does not match the search", got)
		}
	}
	links := all(rows[0], "a", "")
	want := "/logs?level=error&provider=wechatpay&q=%E7%B3%BB%E7%BB%9F+outcome%3Aprovider_down&range=24h"
	if got := attr(links[0], "href"); got != want {
		t.Errorf("link of the level = %s, want %s", got, want)
	}
	for _, s := range all(doc, "select", "") {
		for _, o := range all(s, "option", "") {
			if attr(s, "name") == "provider" && attr(o, "value") == "wechatpay" {
				found := false
				for _, a := range o.Attr {
					found = found || a.Key == "selected"
				}
				if !found {
					t.Error("the form does not show the chosen provider")
				}
			}
		}
	}
}

// Paging from the newest to older records shows each once, also many in the same millisecond.
func TestLogsPaging(t *testing.T) {
	t.Parallel()
	w := newWorld(fixed(start))
	w.providers = nil
	const records = 3*pageLimit + 17
	for i := range records {
		at := start.Add(-time.Duration(i/(pageLimit+pageLimit/2)) * time.Second)
		w.extra = append(w.extra, Hit{Time: at, Path: "/a.log", Offset: int64(i), Document: []byte(`{"message":"x"}`)})
	}
	h := w.handler(t)
	seen := map[string]int{}
	link := "/logs"
	for pages := 0; link != ""; pages++ {
		if pages > 10 {
			t.Fatal("more than ten pages")
		}
		doc := parse(t, fetch(t, h, link).Body.String())
		for _, r := range all(all(doc, "table", "logs")[0], "tr", "")[1:] {
			seen[attr(r, "id")]++
		}
		link = ""
		for _, a := range all(doc, "a", "") {
			if attr(a, "rel") == "next" {
				link = attr(a, "href")
			}
		}
	}
	if len(seen) != records {
		t.Errorf("%d records on the pages, want %d", len(seen), records)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("record %s is shown %d times", id, n)
		}
	}
}

func TestLogsLive(t *testing.T) {
	t.Parallel()
	h := newWorld(fixed(start)).handler(t)
	f := func(path string, want bool) {
		t.Helper()
		page := all(parse(t, fetch(t, h, path).Body.String()), "div", "")[0]
		if got := attr(page, "hx-get"); (got != "") != want {
			t.Errorf("%s is fetched again from %q, want live %v", path, got, want)
		}
	}
	f("/logs", true)
	f("/logs?q=a&range=6h", true)
	f("/logs?before=1795327781203", false)
	f("/logs?to=2026-11-22T14:00", false)
}

func TestLogsIncomplete(t *testing.T) {
	t.Parallel()
	w := newWorld(fixed(start))
	d := w.deps()
	d.Logs = incomplete{w}
	w2 := parse(t, fetch(t, handlerOf(t, d), "/logs").Body.String())
	if got := text(all(w2, "p", "warn")[0]); !strings.Contains(got, "12,345 records looked at") {
		t.Errorf("notice = %q, want the number of records looked at", got)
	}
}

// A search that ran out of time goes on where it ended.
func TestLogsGoOn(t *testing.T) {
	t.Parallel()
	w := newWorld(fixed(start))
	d := w.deps()
	d.Logs = incomplete{w}
	doc := parse(t, fetch(t, handlerOf(t, d), "/logs?q=x").Body.String())
	var next string
	for _, a := range all(doc, "a", "") {
		if attr(a, "rel") == "next" {
			next = attr(a, "href")
		}
	}
	if want := "/logs?before=1795327721000&q=x"; next != want {
		t.Errorf("the next page is %q, want %q", next, want)
	}
}

func FuzzRecord(f *testing.F) {
	for _, s := range hostile {
		f.Add([]byte(s))
	}
	f.Add([]byte(`{"@timestamp":"x","message":"m","fields":{"a":{"b":[1,2]}},"event.duration":1230000000}`))
	f.Add([]byte(`{"fields":1}`))
	f.Add([]byte(`[{"a":1}]`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		r := newRecord(Hit{Document: doc})
		if len(r.Short()) > maxMessage+4 {
			t.Errorf("the short message of %q has %d bytes", doc, len(r.Short()))
		}
		newRecordView(r, logState{})
	})
}
