package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatewatch/internal/servicetest"
	"gatewatch/journal"
)

// testCards are the published test numbers of the schemes.
var testCards = strings.Fields(`4242424242424242 4000056655665556 4012888888881881 4111111111111111 4222222222222
	5555555555554444 5200828282828210 5105105105105100 2223003122003222 378282246310005 371449635398431
	378734493671000 370000000000002 6011111111111117 6011000990139424 30569309025904 38520000023237
	3530111333300000 3566002020360505`)

// written returns the card in the forms that gateways write.
func written(card string) []string {
	groups := []int{4, 4, 4}
	if len(card) == 15 {
		groups = []int{4, 6}
	}
	if len(card) == 14 {
		groups = []int{4, 6}
	}
	forms := []string{card}
	for _, sep := range []string{" ", "-", ".", "_", "+", "%20"} {
		var parts []string
		rest := card
		for _, n := range groups {
			parts, rest = append(parts, rest[:n]), rest[n:]
		}
		forms = append(forms, strings.Join(append(parts, rest), sep))
	}
	return forms
}

// cardLog is a log full of card data in which WeChat Pay fails, so that alerts are sent too.
func cardLog() string {
	var b strings.Builder
	at := time.Now()
	for i, card := range testCards {
		for _, form := range written(card) {
			at = at.Add(time.Millisecond)
			stamp := at.UTC().Format("2006-01-02T15:04:05.000Z")
			for _, line := range []string{
				`{"time":"%s","level":"error","provider":"wechatpay","code":"SYSTEM_ERROR","msg":"card %s failed"}`,
				`{"time":"%s","level":"error","provider":"wechatpay","code":"SYSTEM_ERROR","card_no":"%s","cvv":"987"}`,
				`{"time":"%s","level":"error","provider":"wechatpay","code":"SYSTEM_ERROR","body":"<card>%s</card>","merchant":"m1"}`,
				`{"time":"%s","level":"error","provider":"wechatpay","code":"card %s","order_id":"O1"}`,
				`{"time":"%s","level":"error","provider":"card %s","code":"SYSTEM_ERROR","cut":"of`,
				`%s this is no JSON, 卡号 %s`,
			} {
				fmt.Fprintf(&b, line+"\n", stamp, form)
			}
			if !strings.Contains(form, "%") && i%2 == 0 && form == card {
				fmt.Fprintf(&b, `{"time":"%s","provider":"wechatpay","code":"SYSTEM_ERROR","card":%s}`+"\n", stamp, form)
			}
		}
	}
	return b.String()
}

// leaks returns what of the card data stands in text.
func leaks(text string) []string {
	var found []string
	for _, card := range testCards {
		for _, form := range written(card) {
			if strings.Contains(text, form) {
				found = append(found, form)
			}
		}
	}
	if strings.Contains(text, `"987"`) {
		found = append(found, "cvv 987")
	}
	return found
}

func TestNoCardNumberAnywhere(t *testing.T) {
	es := servicetest.Elasticsearch(t)
	slack := newSlack(t)
	dir := t.TempDir()
	gw, pay := filepath.Join(dir, "gw.log"), filepath.Join(dir, "pay.log")
	config := writeConfig(t, dir, es.URL, "cards", "alerting:\n  slack: {webhook_url: \""+slack.URL+"\"}\n", gw, pay)
	p := start(t, "run", "-config", config)
	if err := os.WriteFile(gw, []byte(cardLog()), 0o600); err != nil {
		t.Fatal(err)
	}
	var java strings.Builder
	for _, card := range testCards {
		fmt.Fprintf(&java, "%s ERROR [http-1] [com.jeequan.jeepay.Pay] - 【请求头信息】\n卡号: %s\n{\"cardNo\":\"%s\",\"cvv\":\"987\"}\n",
			time.Now().Format("2006-01-02 15:04:05.000"), card, card)
	}
	if err := os.WriteFile(pay, []byte(java.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Slack has a message", func() error {
		if len(slack.messages()) == 0 {
			return errors.New("none yet")
		}
		return nil
	})
	awaitCount(t, es.URL, "cards", lines(t, gw)+len(testCards))

	places := map[string]string{"Slack": strings.Join(slack.messages(), "\n"), "the agent's output": p.text()}
	for _, path := range []string{"/metrics", "/", "/logs", "/incidents", "/agent"} {
		body, err := p.get(path)
		if err != nil {
			t.Fatal(err)
		}
		places[path] = body
	}
	body, err := httpGet(es.URL + "/logs-gatewatch.*-cards/_search?size=10000")
	if err != nil {
		t.Fatal(err)
	}
	places["Elasticsearch"] = body
	p.stop()
	n := 0
	for doc := range journalled(t, filepath.Join(dir, "data", "journal")) {
		places["the decoded journal"] += doc + "\n"
		n++
	}
	if want := lines(t, gw) + len(testCards); n != want {
		t.Errorf("%d records in the journal, want %d", n, want)
	}
	for path, data := range files(t, filepath.Join(dir, "data")) {
		places[path] = data
	}
	for place, text := range places {
		if found := leaks(text); len(found) > 0 {
			t.Errorf("%s holds %q (%d in all)", place, found[0], len(found))
		}
	}
	if !strings.Contains(places["the decoded journal"], "424242******4242") {
		t.Error("the journal does not hold the masked numbers: was anything read?")
	}
}

// journalled yields the documents in a closed journal.
func journalled(t *testing.T, dir string) func(func(string) bool) {
	return func(yield func(string) bool) {
		j, err := journal.Open(dir, journal.DefaultConfig(), slog.New(slog.DiscardHandler), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		c, err := j.Consumer("test")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			block, err := c.Next(ctx)
			cancel()
			if errors.Is(err, context.DeadlineExceeded) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range block.Records {
				if !yield(string(r.Document)) {
					return
				}
			}
		}
	}
}

// files returns the contents of all files under dir.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		all[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// fakeSlack takes the messages of an incoming webhook.
type fakeSlack struct {
	*httptest.Server
	mu  sync.Mutex
	got []string
}

func newSlack(t *testing.T) *fakeSlack {
	s := &fakeSlack{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || !json.Valid(body) {
			http.Error(w, "invalid_payload", http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.got = append(s.got, string(body))
		s.mu.Unlock()
		io.WriteString(w, "ok")
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *fakeSlack) messages() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.got...)
}
