package receivers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

const (
	// sayBackoff is the wait after the first failure to tell of a press, and maxSayBackoff the longest.
	sayBackoff    = 2 * time.Second
	maxSayBackoff = time.Minute
)

// work does what was pressed, at once, and tells of it, again and again until it gets through.
func (s *Socket) work(ctx context.Context) error {
	backoff, next := sayBackoff, time.Time{}
	for ctx.Err() == nil {
		waiting := s.desktop.all()
		for _, p := range waiting {
			s.act(ctx, p)
		}
		if ctx.Err() != nil {
			return nil // what is not done stays on disk
		}
		if len(waiting) > 0 && !time.Now().Before(next) {
			var wait time.Duration
			if wait, backoff = s.tellOf(ctx, waiting[0], backoff); wait == 0 {
				continue
			}
			next = time.Now().Add(wait)
		}
		idle := maxSayBackoff
		if len(waiting) > 0 {
			idle = time.Until(next)
		}
		timer := time.NewTimer(idle)
		select {
		case <-ctx.Done():
		case <-s.desktop.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// act does what was pressed unless that is done, and takes down what is to be told.
func (s *Socket) act(ctx context.Context, p *pressed) {
	if p.Acted || ctx.Err() != nil {
		return
	}
	result, words := "refused", ""
	c, w := s.channel(p.Place.receiver), s.channels[0].words.desk
	if c != nil {
		w = c.words.desk
	}
	var n *Notice
	switch {
	case p.Place.agent != cut(strings.ReplaceAll(s.agent, "|", "-"), maxAgent), c != nil && p.Place.home != c.threads.id:
		words = fmt.Sprintf(w.otherAgent, fit(p.Place.agent, maxAgent), fit(s.agent, maxAgent))
	case c == nil:
		words = w.forgotten
	default:
		if n = c.notice(p.Place.thread); n == nil {
			words = w.forgotten
		} else if words = c.forbid(ctx, p.Deed.By.ID); ctx.Err() != nil {
			return // Slack was not heard about who may: it is asked again by who comes next
		} else if words == "" {
			result, words = s.do(ctx, c, n, p)
		}
	}
	p.Acted = true
	s.desktop.save(p)
	s.deeds.WithLabelValues(knownDeed(p.Deed.Kind), result).Inc()
	s.audit(p, n, result)
	if words != "" {
		s.answer(ctx, p, words)
	}
}

// do lets the desk act, and returns what came of it and what only the one who pressed has to know.
func (s *Socket) do(ctx context.Context, c *Slack, n *Notice, p *pressed) (result, words string) {
	if p.Deed.Kind == DeedSilence {
		p.Deed.Until = c.silenceEnd(p.Choice, p.Deed.At)
	}
	stand, fresh, err := s.desk.Act(ctx, n, p.Deed)
	w := &c.words.desk
	if err != nil {
		return "failed", fmt.Sprintf(w.failed, fit(err.Error(), maxWhy))
	}
	p.Stand = stand
	if !fresh {
		return "late", w.tooLate(p.Deed.Kind, stand)
	}
	p.Words = w.did(p.Deed, stand.Silence)
	return "done", ""
}

// silenceEnd is when a silence that was chosen at that time ends.
func (s *Slack) silenceEnd(choice string, at time.Time) time.Time {
	switch choice {
	case chooseHours:
		return at.Add(4 * time.Hour)
	case chooseMorning:
		return s.cfg.nextMorning(at)
	}
	return at.Add(time.Hour)
}

// did says in the thread what somebody did.
func (w *deskWords) did(d Deed, silence *Silence) string {
	switch d.Kind {
	case DeedAcknowledge:
		return fmt.Sprintf(w.didAcknowledge, who(d.By))
	case DeedSilence:
		what := ""
		if silence != nil && silence.What != "" {
			what = " " + fmt.Sprintf(w.silenced, fit(silence.What, maxFact))
		}
		return fmt.Sprintf(w.didSilence, who(d.By), moment(d.Until, d.At)) + what
	case DeedUnsilence:
		return fmt.Sprintf(w.didUnsilence, who(d.By))
	}
	return fmt.Sprintf(w.didFalse, who(d.By))
}

// tooLate says that it had been done.
func (w *deskWords) tooLate(kind string, stand Handling) string {
	switch {
	case kind == DeedAcknowledge && stand.Acknowledged != nil:
		return fmt.Sprintf(w.already, who(stand.Acknowledged.By))
	case kind == DeedFalseAlarm && stand.FalseAlarm != nil:
		return fmt.Sprintf(w.already, who(stand.FalseAlarm.By))
	}
	return w.nothing
}

// tellOf tells of what was done in the thread and the message. It returns how long to wait before it is tried again, 0
// when it need not be.
func (s *Socket) tellOf(ctx context.Context, p *pressed, backoff time.Duration) (wait, next time.Duration) {
	c := s.channel(p.Place.receiver)
	if c == nil || p.Words == "" && p.Stand == (Handling{}) {
		s.desktop.done(p)
		return 0, sayBackoff
	}
	failure := c.say(ctx, p)
	switch {
	case failure == nil:
	case failure.Refused || failure.Blocked || time.Since(p.Deed.At) > pressAge:
		s.log.Warn("nobody was told what somebody did", "action", p.Deed.Kind, "err", failure)
	default:
		return max(failure.After, backoff), min(2*backoff, maxSayBackoff)
	}
	s.desktop.done(p)
	return 0, sayBackoff
}

// answer tells only the one who pressed. It is tried once: people press again when nothing happens.
func (s *Socket) answer(ctx context.Context, p *pressed, words string) {
	if p.Answer == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, slackTimeout)
	defer cancel()
	err := slack.PostWebhookCustomHTTPContext(ctx, p.Answer, s.http, &slack.WebhookMessage{Text: words, ResponseType: slack.ResponseTypeEphemeral})
	if err != nil {
		s.log.Warn("answering who pressed a button", "err", s.scrub(err))
	}
}

// audit writes down who did what.
func (s *Socket) audit(p *pressed, n *Notice, result string) {
	incident, alert := p.Place.thread, ""
	if n != nil {
		incident, alert = n.Told.GroupKey, n.Alerts[0].Name
	}
	s.log.Info("incident action", "action", p.Deed.Kind, "result", result, "user_id", p.Deed.By.ID, "user", p.Deed.By.Name,
		"incident", incident, "alert", alert, "until", p.Deed.Until, "at", p.Deed.At)
}

// channel returns the app's channel with the receiver's name, or nil.
func (s *Socket) channel(name string) *Slack {
	if i := slices.IndexFunc(s.channels, func(c *Slack) bool { return c.Name() == name }); i >= 0 {
		return s.channels[i]
	}
	return nil
}

// knownDeed keeps what comes from outside out of labels.
func knownDeed(kind string) string {
	if slices.Contains([]string{DeedAcknowledge, DeedSilence, DeedUnsilence, DeedFalseAlarm}, kind) {
		return kind
	}
	return "unknown"
}
