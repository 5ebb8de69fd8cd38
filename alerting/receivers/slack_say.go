package receivers

import (
	"context"
	"slices"
	"time"
)

// maxSaid is how many words about presses a thread remembers to have said.
const maxSaid = 20

// notice returns what was told last of the incident with this name, or nil when it is not known.
func (s *Slack) notice(thread string) *Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.threads.named(thread)
	if t == nil || len(t.Told.Alerts) == 0 {
		return nil
	}
	n := t.Told
	n.Alerts = slices.Clone(n.Alerts)
	return &n
}

// say tells in the thread of its incident what somebody did, once, and shows in the message how the incident stands.
func (s *Slack) say(ctx context.Context, p *pressed) *SendError {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.threads.named(p.Place.thread)
	if t == nil || t.TS == "" {
		return nil
	}
	if t.Open != nil {
		if err := s.settle(ctx, t); err != nil {
			return s.classify(err)
		}
	}
	if t.Gone {
		return nil
	}
	if p.Words != "" && !slices.Contains(t.Said, p.ID) {
		open := &intent{ID: p.ID, Reply: true, Said: true, At: time.Now()}
		if err := s.send(ctx, t, open, &message{text: p.Words}); err != nil {
			return s.sayFailed(t, err)
		}
	}
	n := t.Told
	if t.shown != nil && t.shown.version() == n.version() {
		n = *t.shown
	}
	n.Handling = &p.Stand
	t.Told.Handling = &p.Stand
	s.threads.save(t)
	if err := s.update(ctx, t, t.TS, s.message(ctx, n, 0)); err != nil {
		return s.sayFailed(t, err)
	}
	return nil
}

func (s *Slack) sayFailed(t *thread, err error) *SendError {
	if isGone(err) {
		t.Gone = true // the next change gets a new message
		s.threads.save(t)
		return nil
	}
	return s.classify(err)
}
