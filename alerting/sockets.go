package alerting

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting/outbox"
	"gatewatch/alerting/receivers"
)

// sockets are the ways of people to the desk: one for each app token of the Slack receivers.
type sockets struct {
	open   func([]*receivers.Slack, prometheus.Registerer) ([]*receivers.Socket, error)
	own    *outbox.Registered
	failed chan error

	mu     sync.Mutex
	ctx    context.Context // in which they work; nil while they do not
	all    []*receivers.Socket
	cancel context.CancelFunc
	work   sync.WaitGroup
}

func newSockets(e *Engine, reg prometheus.Registerer) *sockets {
	return &sockets{own: outbox.Take(reg), failed: make(chan error, 1),
		open: func(channels []*receivers.Slack, reg prometheus.Registerer) ([]*receivers.Socket, error) {
			return receivers.NewSockets(channels, e, receivers.SocketOptions{
				Agent: e.host, Dir: filepath.Join(e.dir, "actions"), Log: e.log, Metrics: reg,
			})
		}}
}

// serve makes the sockets those of the Slack receivers among boxes, and lets them work when others did.
func (s *sockets) serve(boxes []*outbox.Box) (err error) {
	var channels []*receivers.Slack
	for _, box := range boxes {
		if c, ok := box.Receiver().(*receivers.Slack); ok {
			channels = append(channels, c)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own.Undo()
	if s.all, err = s.open(channels, s.own); err != nil {
		s.own.Undo()
		return err
	}
	s.start()
	return nil
}

// pause stops the sockets until serve is called. What was pressed is done then.
func (s *sockets) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}

// run lets the sockets work until ctx ends or one of them fails.
func (s *sockets) run(ctx context.Context) (err error) {
	s.mu.Lock()
	s.ctx = ctx
	s.start()
	s.mu.Unlock()
	select {
	case <-ctx.Done():
	case err = <-s.failed:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx = nil
	s.stop()
	return err
}

func (s *sockets) start() {
	if s.ctx == nil {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.cancel = cancel
	for _, one := range s.all {
		s.work.Go(func() {
			if err := one.Run(ctx); err != nil && ctx.Err() == nil {
				select {
				case s.failed <- err:
				default: // another one was first
				}
			}
		})
	}
}

func (s *sockets) stop() {
	if s.cancel != nil {
		s.cancel()
		s.work.Wait()
		s.cancel = nil
	}
}
