package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// hook is the Slack that all contenders tell: an incoming webhook of their own each.
type hook struct {
	listener net.Listener
	server   *http.Server

	mu       sync.Mutex
	messages []message
}

// message is what somebody was told.
type message struct {
	path, text string
	at         time.Time
}

func listen() (*hook, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &hook{listener: l}
	h.server = &http.Server{Handler: http.HandlerFunc(h.take), ReadHeaderTimeout: time.Minute}
	go h.server.Serve(l) // ends with close
	return h, nil
}

func (h *hook) close() { h.server.Close() }

// address is the webhook of a contender.
func (h *hook) address(contender string) string {
	return "http://" + h.listener.Addr().String() + path(contender)
}

func path(contender string) string { return "/services/" + strings.ReplaceAll(contender, " ", "-") }

func (h *hook) take(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.messages = append(h.messages, message{r.URL.Path, string(text), time.Now()})
	h.mu.Unlock()
	io.WriteString(w, "ok")
}

// first returns when a contender first told of the provider after began.
func (h *hook) first(contender, provider string, began time.Time) (time.Time, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.messages {
		if m.path == path(contender) && m.at.After(began) && strings.Contains(strings.ToLower(m.text), provider) &&
			!strings.Contains(m.text, "RESOLVED") {
			return m.at, true
		}
	}
	return time.Time{}, false
}
