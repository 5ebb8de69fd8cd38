package sink

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server serves a handler on one address that it can close and open again, as a cluster that is restarted does.
type Server struct {
	// Addr is 127.0.0.1:port and stays the same.
	Addr string

	handler http.Handler

	mu     sync.Mutex
	server *http.Server
	done   chan error
}

// Serve starts serving handler on addr; port 0 takes a free one.
func Serve(addr string, handler http.Handler) (*Server, error) {
	s := &Server{Addr: addr, handler: handler}
	return s, s.Open()
}

// Open listens again after Close.
func (s *Server) Open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.Addr)
	if err != nil {
		return err
	}
	s.Addr = listener.Addr().String()
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: time.Minute}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }() // Close waits for it
	s.server, s.done = server, done
	return nil
}

// Close refuses connections and cuts those that are open.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		return nil
	}
	err := s.server.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.server = nil
	return err
}
