package receivers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// The actions of the buttons, as Slack returns them, and the choices of how long to silence.
const (
	pressPrefix   = "gatewatch_"
	chooseHour    = "1h"
	chooseHours   = "4h"
	chooseMorning = "morning"
	// pressMark begins the id of the block of buttons.
	pressMark = "gw1"
	// maxAgent is how much of an agent's name is in it: Slack takes 255 characters.
	maxAgent = 120
)

// place is the incident whose buttons are pressed: Slack returns it as the id of the block.
type place struct {
	agent string
	// home is the receiver's threads folder: two agents of one name have different ones.
	home             string
	receiver, thread string
}

// block writes the place down. moment makes it another block each time, so that clients forget what was chosen before.
func (p place) block(moment time.Time) string {
	return strings.Join([]string{pressMark, cut(strings.ReplaceAll(p.agent, "|", "-"), maxAgent), p.home, p.receiver, p.thread, strconv.FormatInt(moment.Unix(), 36)}, "|")
}

// readPlace reads what block wrote.
func readPlace(block string) (p place, ok bool) {
	parts := strings.Split(block, "|")
	if len(parts) != 6 || parts[0] != pressMark {
		return p, false
	}
	return place{agent: parts[1], home: parts[2], receiver: parts[3], thread: parts[4]}, true
}

// buttons puts what people can do about the incident above the links.
func (m *message) buttons(n *Notice, p place) {
	w, stand := m.words.desk, Handling{}
	if n.Handling != nil {
		stand = *n.Handling
	}
	var all []slack.BlockElement
	button := func(kind, text string) *slack.ButtonBlockElement {
		b := slack.NewButtonBlockElement(pressPrefix+kind, kind, m.label(text))
		all = append(all, b)
		return b
	}
	if !n.Resolved() {
		if stand.Acknowledged == nil {
			button(DeedAcknowledge, w.acknowledge).WithStyle(slack.StylePrimary)
		}
		if stand.Silence == nil {
			options := []*slack.OptionBlockObject{
				slack.NewOptionBlockObject(chooseHour, m.label(w.hour), nil), slack.NewOptionBlockObject(chooseHours, m.label(w.hours), nil),
				slack.NewOptionBlockObject(chooseMorning, m.label(w.morning), nil),
			}
			all = append(all, slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, m.label(w.silence), pressPrefix+DeedSilence, options...))
		} else if stand.Silence.Own {
			button(DeedUnsilence, w.unsilence)
		}
	}
	if stand.FalseAlarm == nil {
		button(DeedFalseAlarm, w.falseAlarm)
	}
	if len(all) > 0 {
		m.blocks = slices.Insert(m.blocks, m.foot, slack.Block(slack.NewActionBlock(p.block(m.now), all...)))
	}
}

func (m *message) label(text string) *slack.TextBlockObject {
	m.total += len([]rune(text))
	return slack.NewTextBlockObject(slack.PlainTextType, text, true, false)
}

// handling says what people did about the incident.
func (m *message) handling(h *Handling) {
	if h == nil {
		return
	}
	w := m.words.desk
	var parts []string
	if a := h.Acknowledged; a != nil {
		parts = append(parts, "✋ "+fmt.Sprintf(w.acknowledged, who(a.By), clock(a.At, false)))
	}
	if s := h.Silence; s != nil {
		what := ""
		if s.What != "" {
			what = " (`" + fit(s.What, maxFact) + "`)"
		}
		parts = append(parts, "🔕 "+fmt.Sprintf(w.silencedUntil, moment(s.Until, m.now), fit(s.By, maxFact))+what)
	}
	if a := h.FalseAlarm; a != nil {
		parts = append(parts, "🚫 "+fmt.Sprintf(w.calledFalse, who(a.By)))
	}
	if len(parts) > 0 {
		m.context(strings.Join(parts, " · "))
	}
}

// who names a person for Slack, which shows the name that the person chose.
func who(p Person) string {
	if m := mention(p.ID); userID.MatchString(p.ID) && m != "" {
		return m
	}
	return fit(cmp.Or(p.Name, p.ID), maxSeverity)
}

// moment writes a time for Slack, with the date when it is far.
func moment(t, now time.Time) string {
	if t.Sub(now) < 12*time.Hour {
		return clock(t, false)
	}
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", t.Unix(), t.UTC().Format("2006-01-02 15:04 UTC"))
}
