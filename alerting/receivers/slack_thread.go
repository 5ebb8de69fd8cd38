package receivers

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// reopenWindow is how soon after its end an incident that comes back is told in its old message, and in the channel.
const reopenWindow = 5 * time.Minute

// tell brings the message and the thread of n's incident up to date. Each step is written down when it is done: called
// again after an error or a restart, it goes on with what is missing.
func (s *Slack) tell(ctx context.Context, n Notice, late time.Duration) error {
	t := s.threads.of(n.Told.GroupKey, s.cfg.Channel)
	head, told := t.TS, t.Reply
	if t.Open != nil {
		if err := s.settle(ctx, t); err != nil {
			return err
		}
	}
	if t.Head != n.version() {
		if err := s.tellHead(ctx, t, n, late); err != nil {
			return err
		}
	}
	if t.Reply != n.version() {
		if err := s.tellReply(ctx, t, n); err != nil {
			return err
		}
	}
	if told != t.Reply && (n.Resolved() || head != t.TS) {
		s.draw(t, &n)
	}
	s.retire(ctx, t)
	s.threads.forget(time.Now())
	return nil
}

// tellHead changes the incident's message, or posts one when there is none, when the incident is another or severer,
// or when the message cannot be changed.
func (s *Slack) tellHead(ctx context.Context, t *thread, n Notice, late time.Duration) error {
	m := s.message(ctx, n, late)
	if t.fits(&n) {
		err := s.update(ctx, t, t.TS, m)
		if err == nil {
			t.Head, t.Rank = n.version(), n.Rank()
			s.threads.save(t)
			return nil
		}
		if failure := s.classify(err); !isGone(err) && !failure.Refused {
			return err
		}
		t.Gone = true // for whatever reason Slack does not want the change
	}
	return s.inForm(m, func(m *message) error { return s.post(ctx, t, n, false, m) })
}

// fits tells whether the present head is the message to tell n with.
func (t *thread) fits(n *Notice) bool {
	if t.TS == "" || t.Gone {
		return false
	}
	ended := t.Told.Ended()
	switch {
	case t.Closed && n.Resolved():
		// The same end may be told again; another one is of another incident.
		return !n.begun().After(ended)
	case t.Closed:
		return n.Rank() >= t.Rank && time.Since(ended) < reopenWindow
	}
	return n.Resolved() || n.Rank() >= t.Rank
}

// tellReply tells in the thread what changed, which is what people are notified of.
func (s *Slack) tellReply(ctx context.Context, t *thread, n Notice) error {
	text := s.change(&t.Told, &n)
	if text == "" {
		t.replied(n)
		s.threads.save(t)
		return nil
	}
	m := &message{text: text}
	if t.Closed && !n.Resolved() {
		// It is back: that must reach those who do not follow the thread.
		m.broadcast = true
		m.text += " " + strings.Join(s.mentions(&n), " ")
	}
	err := s.post(ctx, t, n, true, m)
	if isGone(err) {
		// Somebody deleted the message just now. The next change gets a new one; this one is told by the head alone.
		t.Gone = true
		return s.tellHead(ctx, t, n, 0)
	}
	return err
}

// post posts m as the head or into the thread, and remembers that before and after.
func (s *Slack) post(ctx context.Context, t *thread, n Notice, reply bool, m *message) error {
	id := n.version() + "/head"
	if reply {
		id = n.version() + "/reply"
	}
	return s.send(ctx, t, &intent{ID: id, Version: n.version(), Notice: n, Reply: reply, At: time.Now()}, m)
}

// send posts m as o says, and remembers that before and after.
func (s *Slack) send(ctx context.Context, t *thread, o *intent, m *message) error {
	options := m.options()
	if o.Reply {
		options = append(options, slack.MsgOptionTS(t.TS))
	}
	if m.broadcast {
		options = append(options, slack.MsgOptionBroadcast())
	}
	options = append(options, slack.MsgOptionMetadata(slack.SlackMetadata{
		EventType: metadataType, EventPayload: map[string]any{"id": o.ID},
	}))
	t.Open = o
	s.threads.save(t)
	channel, ts, err := s.call(ctx, options...)
	switch {
	case err == nil:
		t.arrived(channel, ts)
	case certain(err):
		t.Open = nil
	default:
		return err // nobody knows whether it arrived: the next try looks for it
	}
	s.threads.save(t)
	return err
}

// arrived takes down that the open message is in the channel.
func (t *thread) arrived(channel, ts string) {
	o := t.Open
	t.Open = nil
	if o.Said {
		t.Said = append(t.Said, o.ID)
		if extra := len(t.Said) - maxSaid; extra > 0 {
			t.Said = slices.Delete(t.Said, 0, extra)
		}
		return
	}
	if o.Reply {
		t.replied(o.Notice)
		return
	}
	if t.TS != "" && !t.Gone && !t.Closed {
		t.Replaced = t.TS
	}
	t.Channel, t.TS, t.Gone, t.Rank = channel, ts, false, o.Notice.Rank()
	t.Head = o.Version
	t.replied(o.Notice) // a new message needs no word in its thread
}

func (t *thread) replied(n Notice) {
	t.Reply, t.Told, t.Closed = n.version(), n, n.Resolved()
}

// retire says in the message from before the severity rose that there is a newer one. When that fails for other
// reasons than that it cannot be changed, the next notice tries again.
func (s *Slack) retire(ctx context.Context, t *thread) {
	if t.Replaced == "" {
		return
	}
	m := newMessage(t.Told, 0, s.words, s.page, time.Now())
	headline, _, _ := strings.Cut(m.text, " · ")
	err := s.update(ctx, t, t.Replaced, &message{text: fit(s.words.replaced, maxHeader) + " " + headline})
	if failure := s.classify(err); failure == nil || failure.Refused {
		t.Replaced = ""
		s.threads.save(t)
	}
}

// Open returns what was told last of each incident that is not over and has a message that can be changed.
func (s *Slack) Open() []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	var open []Notice
	for _, t := range s.threads.all {
		if t.live(s.cfg.Channel) {
			n := t.Told
			n.Alerts = slices.Clone(n.Alerts)
			open = append(open, n)
		}
	}
	return open
}

func (t *thread) live(channel string) bool {
	return t.TS != "" && t.Wanted == channel && !t.Gone && !t.Closed && t.Open == nil
}

// Refresh puts the present figures of n into the message of its incident, without notifying anybody. A message that
// cannot be changed is left alone.
func (s *Slack) Refresh(ctx context.Context, n Notice) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.threads.all[n.Told.GroupKey]
	if t == nil || !t.live(s.cfg.Channel) || t.Head != n.version() {
		return nil
	}
	err := s.update(ctx, t, t.TS, s.message(ctx, n, 0))
	if isGone(err) {
		// People who deleted it do not want it back every minute; the next change posts anew.
		t.Gone = true
		s.threads.save(t)
		return nil
	}
	if failure := s.classify(err); failure != nil {
		return failure
	}
	t.shown = &n
	if len(n.alerting()) < len(t.Told.alerting()) {
		// Ended while it was silenced, so that no notice tells of it.
		t.replied(n)
		s.threads.save(t)
	}
	return nil
}
