package web

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "write the golden files anew")

// parse returns the document of a page.
func parse(t testing.TB, body string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// all returns the elements below n with the tag whose class attribute has the word class ("" for any), in order.
func all(n *html.Node, tag, class string) []*html.Node {
	var found []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == tag && (class == "" || strings.Contains(" "+attr(d, "class")+" ", " "+class+" ")) {
			found = append(found, d)
		}
	}
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

var spaces = regexp.MustCompile(`[\s\x{a0}]+`)

// text is what a reader sees of n, with single spaces.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "noscript" {
			b.WriteString(d.Data)
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(spaces.ReplaceAllString(b.String(), " "))
}

// lines is what a reader sees of the page's main part, a line for each block, without the log.
func lines(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type != html.ElementNode || d.Parent.Parent != nil && strings.Contains(attr(d.Parent.Parent, "class"), "logs") {
			continue
		}
		switch d.Data {
		case "h1", "h2", "p", "tr", "li", "nav":
			if t := text(d); t != "" {
				b.WriteString(d.Data + " " + attr(d, "class") + ": " + t + "\n")
			}
		}
	}
	return b.String()
}

func TestNowPage(t *testing.T) {
	t.Parallel()
	f := func(name, path string, change func(*world)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(fixed(start))
			if change != nil {
				change(w)
			}
			rec := fetch(t, w.handler(t), path)
			if rec.Code != 200 {
				t.Fatalf("GET %s = %d, want 200", path, rec.Code)
			}
			got := lines(all(parse(t, rec.Body.String()), "main", "")[0])
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("GET %s differs from %s (rewrite with -update):\n%s", path, golden, got)
			}
		})
	}
	f("now", "/", nil)
	f("now_zh", "/?lang=zh&range=1h&provider=wechatpay", nil)
	f("now_well", "/", func(w *world) { w.heal() })
	f("now_empty", "/", func(w *world) {
		w.providers, w.incidents, w.agent = nil, nil, Agent{}
	})
	f("now_agent_trouble", "/", func(w *world) {
		w.heal()
		w.incidents = []Incident{{ID: "d", Name: "GatewatchJournalBlocked", Severity: "critical", Since: start.Add(-time.Minute),
			Summary: map[string]string{"en": "The journal cannot be written."}}}
		w.agent.Journal.Error = "no space left on device"
		w.agent.Outputs[0].Error = "connection refused"
		w.agent.Files[1].Error = "permission denied"
	})
	f("now_together", "/", func(w *world) {
		for i := range w.providers {
			w.providers[i].from = start.Add(-5 * time.Minute)
			w.providers[i].bad = map[string]float64{"approved": .2, "unknown_outcome": .8}
		}
		w.incidents = nil
	})
	f("now_no_history", "/", func(w *world) {
		w.providers = w.providers[:2]
		w.incidents = nil
		w.since = start.Add(-40 * time.Second)
		w.providers[0].from = start.Add(-time.Hour)
	})
}

// heal makes all providers well.
func (w *world) heal() {
	for i := range w.providers {
		w.providers[i].from = time.Time{}
	}
	w.incidents = nil
}

func TestNowRows(t *testing.T) {
	t.Parallel()
	doc := parse(t, fetch(t, newWorld(fixed(start)).handler(t), "/?range=1h").Body.String())
	rows := all(all(doc, "table", "providers")[0], "tr", "")[1:]
	if len(rows) != 5 {
		t.Fatalf("%d rows, want 5", len(rows))
	}
	f := func(i int, id, class, tag string) {
		t.Helper()
		if got := attr(rows[i], "id"); got != "p-"+id {
			t.Errorf("row %d is %q, want p-%s", i, got, id)
		}
		if got := attr(rows[i], "class"); got != class {
			t.Errorf("row of %s has class %q, want %q", id, got, class)
		}
		tags := all(rows[i], "i", "tag")
		if tag == "" && len(tags) > 0 || tag != "" && (len(tags) != 1 || text(tags[0]) != tag) {
			t.Errorf("row of %s has tags %d, want %q", id, len(tags), tag)
		}
		if len(all(rows[i], "polyline", "")) != 1 || len(all(rows[i], "line", "ghost")) != 1 {
			t.Errorf("row of %s has no sparkline with the usual", id)
		}
		link := attr(all(rows[i], "a", "")[0], "href")
		if want := "/?provider=" + id + "&range=1h"; link != want {
			t.Errorf("row of %s links to %s, want %s", id, link, want)
		}
	}
	f(0, "wechatpay", "bad", "theirs")
	f(1, "mastercard", "warn", "ours")
	f(2, "alipay", "ok", "")
}

// One page, and all pages within a second, cost one set of queries.
func TestQueriesAreShared(t *testing.T) {
	t.Parallel()
	w := newWorld(fixed(start))
	h := w.handler(t)
	fetch(t, h, "/")
	first := w.queries.Load()
	if first > 30 {
		t.Errorf("the first page took %d queries, want at most 30", first)
	}
	for range 50 {
		fetch(t, h, "/?lang=zh")
		fetch(t, h, "/api/chart")
	}
	if got := w.queries.Load(); got != first {
		t.Errorf("fifty more pages took %d more queries, want 0", got-first)
	}
	if got := w.searches.Load(); got != int64(1+len(troubles)) {
		t.Errorf("all pages took %d searches, want %d", got, 1+len(troubles))
	}
}

func TestBrokenParts(t *testing.T) {
	t.Parallel()
	w := newWorld(fixed(start))
	w.broken = errBroken
	h := w.handler(t)
	for _, path := range []string{"/", "/logs"} {
		rec := fetch(t, h, path)
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), errBroken.Error()) {
			t.Errorf("GET %s = %d, want 200 and the reason on the page", path, rec.Code)
		}
	}
	if rec := fetch(t, h, "/api/chart"); rec.Code != 503 {
		t.Errorf("GET /api/chart = %d, want 503", rec.Code)
	}
}
