package alerting_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/alerting"
	"gatewatch/alerting/receivers"
	"gatewatch/internal/fakeslack"
)

var onCall = fakeslack.User{ID: "U0LIN", Name: "lin.wei"}

// withButtons has buttons in the one channel.
func withButtons(cfg alerting.Config) alerting.Config {
	cfg.Slack[0].AppToken = fakeslack.AppToken
	return cfg
}

// press presses a button of the message until it is there and the app is connected.
func (r *rig) press(f *fakeSlack, ts, action, choice string) {
	r.t.Helper()
	var err error
	until(r.t, "pressing "+action, func() bool {
		err = f.Press(onCall, ts, "gatewatch_"+action, choice)
		return err == nil
	})
}

// says waits until a message says so.
func says(t *testing.T, f *fakeSlack, text string) {
	t.Helper()
	until(t, fmt.Sprintf("%q", text), func() bool {
		for _, m := range f.Messages() {
			if strings.Contains(m.All(), text) {
				return true
			}
		}
		return false
	})
}

// TestSilenceFromSlack silences an incident by a button, over a crash, and ends the silence.
func TestSilenceFromSlack(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	r := newRig(t)
	cfg := withButtons(only(t, config(f), brokenRule))
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(cfg)
	r.tick()
	head := f.wait(t, 1)[0]
	pressed := time.Now()
	r.press(f, head.TS, "silence", "1h")
	says(t, f, "🔕 <@U0LIN> silenced it until")
	says(t, f, "That is every alert with `alertname=Broken provider=stripe`")
	says(t, f, "Silenced until")
	labels := map[string]string{"alertname": "Broken", "provider": "stripe", "part": "b"}
	h := r.engine.Handling(t.Context(), labels)
	if h.Silence == nil || h.Silence.By != "lin.wei (U0LIN)" || h.Silence.Until.Before(pressed.Add(time.Hour-time.Second)) || h.Silence.Until.After(time.Now().Add(time.Hour)) {
		t.Fatalf("Handling() = %+v, want a silence of an hour by lin.wei", h.Silence)
	}
	if got := h.Silence.What; got != "alertname=Broken provider=stripe" {
		t.Errorf("silenced: %s", got)
	}
	for _, want := range []string{`msg="incident action"`, "action=silence", "user_id=U0LIN", "user=lin.wei", "alert=Broken"} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("no %s in the log: %s", want, r.log)
		}
	}
	r.sent()
	r.kill(cfg)
	r.broken.WithLabelValues("stripe", "b").Set(1)
	r.broken.WithLabelValues("adyen", "a").Set(1)
	r.tick()
	says(t, f, "Adyen is")
	for _, m := range f.Replies(head.TS) {
		if strings.Contains(m.Text, "🔴") {
			t.Errorf("told of a silenced alert: %s", m.Text)
		}
	}
	r.press(f, head.TS, "unsilence", "")
	says(t, f, "🔔 <@U0LIN> ended the silence")
	if h := r.engine.Handling(t.Context(), labels); h.Silence != nil {
		t.Errorf("still silenced: %+v", h.Silence)
	}
	r.stop()
}

// TestAcknowledged has an incident go on: who took it is not reminded, until it becomes severer.
func TestAcknowledged(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	r := newRig(t)
	const rules = `
groups:
- name: g
  interval: 5s
  rules:
  - {alert: Broken, expr: 'broken{part="a"} > 0', labels: {severity: warning}, annotations: {summary: '{{ $labels.provider }} limps'}}
  - {alert: Broken, expr: 'broken{part="b"} > 0', labels: {severity: critical}, annotations: {summary: '{{ $labels.provider }} is down'}}
`
	cfg := withButtons(only(t, config(f), rules))
	cfg.Slack[0].Mentions = map[string][]string{"critical": {"here"}}
	cfg.RepeatInterval = model.Duration(300 * time.Millisecond)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(cfg)
	r.tick()
	says(t, f, "Still so")
	head := f.Heads()[0]
	r.press(f, head.TS, "acknowledge", "")
	says(t, f, "✋ <@U0LIN> takes care of it")
	settled() // a repetition may have been on its way
	r.sent()
	told := len(f.Replies(head.TS))
	time.Sleep(1500 * time.Millisecond) // five repetitions
	if got := len(f.Replies(head.TS)); got > told {
		t.Errorf("%d more replies after the acknowledgement: %+v", got-told, f.Replies(head.TS)[told:])
	}
	if h := r.engine.Handling(t.Context(), map[string]string{"alertname": "Broken", "provider": "stripe"}); h.Acknowledged == nil || h.Acknowledged.By.Name != "lin.wei" {
		t.Errorf("Handling() = %+v, want that lin.wei acknowledged it", h)
	}
	r.press(f, head.TS, "false_alarm", "")
	says(t, f, "<@U0LIN> calls it a false alarm")
	if got := r.metric("gatewatch_alert_false_alarms_total"); got != 1 {
		t.Errorf("%v false alarms, want 1", got)
	}
	r.broken.WithLabelValues("stripe", "b").Set(1)
	r.tick()
	until(t, "a second message", func() bool { return len(f.Heads()) == 2 })
	if got := f.Heads()[1]; !strings.Contains(got.All(), "Stripe is down") || !strings.Contains(got.Text, "<!here>") || strings.Contains(got.All(), "Acknowledged") {
		t.Errorf("message = %s, want that it is worse and nobody has it", got.All())
	}
	r.stop()
}

// TestStatusOnSlack asks how things are.
func TestStatusOnSlack(t *testing.T) {
	t.Parallel()
	f := newFakeSlack(t)
	r := newRig(t)
	r.broken.WithLabelValues("stripe", "a").Set(1)
	r.start(withButtons(only(t, config(f), brokenRule)))
	r.tick()
	f.wait(t, 1)
	var got string
	until(t, "an answer", func() bool {
		var err error
		got, err = f.Command(onCall, "", "status")
		return err == nil
	})
	for _, want := range []string{"Gatewatch on pay-gw-01", "1 alerts fire", "Stripe is", "Nothing is silenced"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if s := r.engine.Status(context.Background()); len(s.Alerts) != 1 || s.Alerts[0].Name != "Broken" {
		t.Errorf("Status() = %+v", s)
	}
	r.stop()
}

var _ receivers.Desk = (*alerting.Engine)(nil)
