package alerting_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"gatewatch/internal/fakeslack"
)

const (
	fakeToken   = fakeslack.Token
	fakeChannel = fakeslack.Channel
	webhookPath = fakeslack.WebhookPath
)

type answer = fakeslack.Answer

// fakeSlack is a Slack that is reached through a socket.
type fakeSlack struct {
	*fakeslack.Server
	URL  string
	stop func()
	// down: it answers everything with 503.
	down atomic.Bool
}

// newFakeSlack starts one that gives the answers to the first calls.
func newFakeSlack(t *testing.T, answers ...answer) *fakeSlack {
	f := &fakeSlack{Server: fakeslack.New()}
	f.BePatient()
	f.Answer("", answers...)
	s := httptest.NewServer(f)
	f.URL, f.stop = s.URL, s.Close
	t.Cleanup(s.Close)
	return f
}

// ServeHTTP answers as the fake does, unless it is down.
func (f *fakeSlack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.down.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	f.Server.ServeHTTP(w, r)
}

// wait returns the messages, in the channel and in threads, once there are n of them.
func (f *fakeSlack) wait(t *testing.T, n int) []fakeslack.Message {
	t.Helper()
	timeout := time.After(patience)
	for {
		if got := f.Messages(); len(got) >= n {
			return got
		}
		select {
		case <-f.Came():
		case <-timeout:
			t.Fatalf("Slack has %d messages, want %d", len(f.Messages()), n)
		}
	}
}
