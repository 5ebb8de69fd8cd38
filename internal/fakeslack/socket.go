package fakeslack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// AppToken is the app-level token of the fake, with connections:write.
const AppToken = "xapp-1-A0FAKE-1234-fakesecret"

const (
	// ackTime is how long Slack waits for the receipt of an envelope.
	ackTime = 3 * time.Second
	// pingSpacing is how often Slack pings.
	pingSpacing = 10 * time.Second
	// maxConnections is how many connections an app may have.
	maxConnections = 10
	// maxReceipt is the size of a receipt from which Slack ignores it.
	maxReceipt = 20 << 10
)

// Why an envelope did not get through, as a user sees it as a warning sign.
var (
	ErrNotConnected = errors.New("no connection of the app")
	ErrNoReceipt    = errors.New("no receipt within three seconds")
)

// link is a connection of Socket Mode.
type link struct {
	conn *websocket.Conn
	// mu is held while something is written.
	mu sync.Mutex
}

func (l *link) write(v any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(ackTime)); err != nil {
		return err
	}
	return l.conn.WriteJSON(v)
}

// openConnection is apps.connections.open: each address is good for one connection.
func (s *Server) openConnection(in request) reply {
	if in.token != AppToken {
		return reply{err: "invalid_auth"}
	}
	ticket := fmt.Sprintf("ticket-%d", len(s.calls))
	s.tickets = append(s.tickets, ticket)
	return reply{body: map[string]any{"url": "ws" + strings.TrimPrefix(in.host, "http") + "/link/?ticket=" + ticket + "&app_id=A0FAKE"}}
}

// serveLink is the other end of a connection.
func (s *Server) serveLink(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	good := slices.Contains(s.tickets, ticket)
	s.tickets = slices.DeleteFunc(s.tickets, func(one string) bool { return one == ticket })
	s.mu.Unlock()
	if !good {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	conn, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	l := &link{conn: conn}
	s.mu.Lock()
	many := len(s.links) >= maxConnections
	if !many {
		s.links = append(s.links, l)
	}
	n := len(s.links)
	s.mu.Unlock()
	if many {
		_ = l.write(map[string]any{"type": "disconnect", "reason": "too_many_websockets", "debug_info": map[string]any{"host": "applink-fake"}})
		return
	}
	hello := map[string]any{
		"type": "hello", "num_connections": n, "connection_info": map[string]any{"app_id": "A0FAKE"},
		"debug_info": map[string]any{"host": "applink-fake", "build_number": 1, "approximate_connection_time": 18060},
	}
	if l.write(hello) == nil {
		s.read(l)
	}
	s.mu.Lock()
	s.links = slices.DeleteFunc(s.links, func(one *link) bool { return one == l })
	s.mu.Unlock()
}

// read takes receipts until the connection ends.
func (s *Server) read(l *link) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		pings := time.NewTicker(pingSpacing)
		defer pings.Stop()
		for {
			_ = l.conn.WriteControl(websocket.PingMessage, []byte("Ping from applink-fake"), time.Now().Add(ackTime))
			select {
			case <-pings.C:
			case <-stop:
				return
			}
		}
	}()
	defer func() { close(stop); <-done }()
	for {
		_, text, err := l.conn.ReadMessage()
		if err != nil {
			return
		}
		var receipt struct {
			ID      string          `json:"envelope_id"`
			Payload json.RawMessage `json:"payload"`
		}
		if len(text) >= maxReceipt || json.Unmarshal(text, &receipt) != nil {
			continue
		}
		s.mu.Lock()
		wait := s.receipts[receipt.ID]
		delete(s.receipts, receipt.ID)
		s.mu.Unlock()
		if wait != nil {
			wait <- receipt.Payload
		}
	}
}

// deliver sends an envelope through one connection, each time another, and returns what came with its receipt.
func (s *Server) deliver(envelope map[string]any) (json.RawMessage, error) {
	id := envelope["envelope_id"].(string)
	wait := make(chan json.RawMessage, 1)
	s.mu.Lock()
	if len(s.links) == 0 {
		s.mu.Unlock()
		return nil, ErrNotConnected
	}
	s.turn++
	l := s.links[s.turn%len(s.links)]
	s.receipts[id], s.last = wait, envelope
	patience := s.patience
	s.mu.Unlock()
	if err := l.write(envelope); err != nil {
		return nil, err
	}
	select {
	case payload := <-wait:
		return payload, nil
	case <-time.After(patience):
		return nil, ErrNoReceipt
	}
}

// Redeliver sends the last envelope again, as Slack does when it missed the receipt.
func (s *Server) Redeliver() error {
	s.mu.Lock()
	again := map[string]any{"retry_attempt": 1, "retry_reason": "timeout"}
	for name, value := range s.last {
		again[name] = value
	}
	s.mu.Unlock()
	_, err := s.deliver(again)
	return err
}

// Disconnect ends all connections for a reason: refresh_requested, link_disabled … An empty reason cuts them off without
// a word.
func (s *Server) Disconnect(reason string) {
	s.mu.Lock()
	links := slices.Clone(s.links)
	s.mu.Unlock()
	for _, l := range links {
		if reason != "" {
			_ = l.write(map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink-fake"}})
		}
		l.conn.Close()
	}
}

// Connections is how many connections the app has.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.links)
}

// Dial connects to the fake without a socket, so that it works on the clock of testing/synctest.
func (s *Server) Dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() {
		// Serve comes back at once, and leaves a goroutine for the one connection.
		_ = (&http.Server{Handler: s}).Serve(&once{conn: theirs}) //nolint:gosec // both ends are in this process
	}()
	return ours, nil
}

// once is a listener with one connection.
type once struct{ conn net.Conn }

func (o *once) Accept() (net.Conn, error) {
	if o.conn == nil {
		return nil, io.EOF
	}
	conn := o.conn
	o.conn = nil
	return conn, nil
}

func (o *once) Close() error   { return nil }
func (o *once) Addr() net.Addr { return &net.UnixAddr{Name: "fakeslack"} }
