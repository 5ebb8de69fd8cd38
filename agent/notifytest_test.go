package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestNotifyTest(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex // guards what the server knows
	var message, reply string
	status := http.StatusOK
	slack := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		message = string(body)
		w.WriteHeader(status)
		io.WriteString(w, reply)
	}))
	t.Cleanup(slack.Close)
	const hidden = "/services/T0/B0/hiddenpath"
	webhook := fmt.Sprintf("slack: {webhook_url: %q}", slack.URL+hidden)
	token := fmt.Sprintf("slack: {token: xoxb-hidden, channel: '#pay', api_url: %q}", slack.URL)

	f := func(section string, answers int, text string, code int, want ...string) {
		t.Helper()
		config := filepath.Join(t.TempDir(), "gw.yml")
		if err := os.WriteFile(config, []byte("data_dir: data\nalerting:\n  "+section+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		status, reply, message = answers, text, ""
		mu.Unlock()
		var stdout, stderr bytes.Buffer
		got := execute(t.Context(), []string{"notify-test", "-config", config}, &output{&stdout, &stderr})
		said := stdout.String() + stderr.String()
		if got != code {
			t.Errorf("notify-test with %s = %d, want %d: %s", section, got, code, said)
		}
		for _, one := range want {
			if !strings.Contains(said, one) {
				t.Errorf("notify-test with %s said %q, want %q in it", section, said, one)
			}
		}
		if strings.Contains(said, "hidden") {
			t.Errorf("notify-test printed a secret: %s", said)
		}
	}
	f(webhook, http.StatusOK, "ok", exitOK, "slack: arrived")
	mu.Lock()
	if !strings.Contains(message, "Gatewatch can reach you") {
		t.Errorf("the message is %s", message)
	}
	mu.Unlock()
	f(webhook, http.StatusNotFound, "no_service", exitError, "slack: did not arrive", "404 Not Found", "to do    the webhook does not exist any more")
	f(webhook, http.StatusBadGateway, "", exitError, "502 Bad Gateway", "to do    the receiver has trouble of its own")
	f(webhook, http.StatusTooManyRequests, "", exitError, "to do    too many messages at present: try again in 30s")
	f(token, http.StatusOK, `{"ok":true,"channel":"C1","ts":"1.1"}`, exitOK, "slack: arrived")
	f(token, http.StatusOK, `{"ok":false,"error":"not_in_channel"}`, exitError, "not_in_channel", "to do    invite the app into the channel")
	f(token, http.StatusOK, `{"ok":false,"error":"missing_scope","needed":"chat:write"}`, exitError, "needs the scope chat:write", "install it again")
	f("packs: []", http.StatusOK, "", exitUsage, "no receiver is configured")
	slack.Close()
	f(webhook, http.StatusOK, "", exitError, "connection refused", "to do    nothing listens there", "1 of 1 messages did not arrive")
}
