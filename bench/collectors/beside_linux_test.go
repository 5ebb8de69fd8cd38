package collectors

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"gatewatch/internal/marked"
)

var (
	scrapes = flag.Int("scrapes", 8, "how many collections are measured")
	every   = flag.Duration("every", 15*time.Second, "how often is collected and scraped")
	write   = flag.String("write", "", "Markdown file whose table is replaced, between the marks in it")
)

// BenchmarkBesideExporters runs ours and Debian's exporters on the same servers at the same time.
func BenchmarkBesideExporters(b *testing.B) {
	s := startServers(b)
	theirs, missing := startExporters(b, s)
	ours := startOurs(b, s, *every)
	r := &report{ours: ours, theirs: theirs, missing: missing, scrapes: *scrapes, every: *every}
	measure(b, slices.Concat(ours, theirs))
	r.samples = sampleCount(b, ours[1].page)
	r.pages = []page{{name: "the collecting part", of: ours[1], address: ours[1].page}, {name: ours[2].name, of: ours[2], address: ours[2].page},
		{name: "a page that is always the same", address: constantPage(b)}}
	for i := range r.pages {
		r.pages[i].calm = answerTimes(b, r.pages[i])
	}
	release := s.lock(b)
	time.Sleep(*every + 2*time.Second) // a collection that sees it
	for i := range r.pages {
		r.pages[i].locked = answerTimes(b, r.pages[i])
	}
	r.crowd(b, s, ours[2], theirs)
	release()
	fmt.Println("\n" + r.String())
	if *write != "" {
		if err := marked.Replace(*write, "collectors", r.String()); err != nil {
			b.Fatal(err)
		}
	}
}

// measure scrapes all as often as is wanted and notes what they needed for it, after two scrapes that do not count.
func measure(b *testing.B, all []*program) {
	b.Helper()
	round := func() {
		for _, p := range all {
			if _, _, err := fetch(p.page, *every); err != nil {
				b.Fatalf("%s: %v", p.name, err)
			}
		}
	}
	tick := time.NewTicker(*every)
	defer tick.Stop()
	for range 2 {
		round()
		<-tick.C
	}
	for _, p := range all {
		before, err := p.clock()
		if err != nil {
			b.Fatal(err)
		}
		p.cpu = -before
	}
	for range *scrapes {
		round()
		<-tick.C
	}
	for _, p := range all {
		after, err := p.clock()
		if err == nil {
			err = p.memory()
		}
		if err != nil {
			b.Fatal(err)
		}
		p.cpu += after
	}
}

// answers is how many times a page is asked when its time is taken.
const answers = 100

// answerPause is between two of them: all of them come within a few collections.
const answerPause = 20 * time.Millisecond

// answerTimes asks the page again and again, and returns how long that took.
func answerTimes(b *testing.B, p page) (t times) {
	b.Helper()
	used := func() time.Duration {
		if p.of == nil {
			return 0
		}
		cpu, err := p.of.clock()
		if err != nil {
			b.Fatal(err)
		}
		return cpu
	}
	before := used()
	for range answers {
		_, took, err := fetch(p.address, 10*time.Second)
		if err != nil {
			b.Fatal(err)
		}
		t.all = append(t.all, took)
		time.Sleep(answerPause)
	}
	t.cpu = (used() - before) / answers
	slices.Sort(t.all)
	return t
}

// constantPage serves what never changes from the bench itself: what it takes longer at times is the machine's doing.
func constantPage(b *testing.B) string {
	text := bytes.Repeat([]byte("constant_page_samples{of=\"nothing\"} 1\n"), 10_000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(text) }))
	b.Cleanup(s.Close)
	return s.URL
}

// sampleCount returns how many samples a page has.
func sampleCount(b *testing.B, page string) int {
	b.Helper()
	text, _, err := fetch(page, 10*time.Second)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte("#")) {
			n++
		}
	}
	return n
}

func fetch(page string, timeout time.Duration) (text []byte, took time.Duration, err error) {
	began := time.Now()
	client := http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(page)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	if text, err = io.ReadAll(resp.Body); err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %.200s", resp.StatusCode, text)
	}
	return text, time.Since(began), err
}
