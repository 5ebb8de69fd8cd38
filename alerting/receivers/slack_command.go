package receivers

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

const (
	// maxCommand is the most characters of an answer to a slash command, within the 20 kB that Slack takes at once.
	maxCommand = 3500
	// maxListed is the most alerts, or silences, that an answer lists.
	maxListed = 15
)

// command answers a slash command, whatever the app calls it, for the eyes of who asked.
func (s *Socket) command(ctx context.Context, cmd *slack.SlashCommand) any {
	return map[string]string{"response_type": slack.ResponseTypeEphemeral, "text": cut(s.commandText(ctx, cmd), maxCommand)}
}

func (s *Socket) commandText(ctx context.Context, cmd *slack.SlashCommand) string {
	i := slices.IndexFunc(s.channels, func(c *Slack) bool { return c.serves(cmd) })
	if i < 0 {
		// Anybody in the workspace can type a command; how payments are is not for everybody.
		var names []string
		for _, c := range s.channels {
			names = append(names, escape(c.cfg.Channel))
		}
		return fmt.Sprintf(s.channels[0].words.desk.status.notHere, strings.Join(names, ", "))
	}
	c := s.channels[i]
	if why := c.forbid(ctx, cmd.UserID); why != "" {
		return why
	}
	r := &report{w: c.words, now: time.Now(), channel: c}
	switch word, _, _ := strings.Cut(strings.TrimSpace(cmd.Text), " "); word {
	case "status", "":
		r.status(s.desk.Status(ctx), s.agent)
	case "silences":
		r.silences(s.desk.Status(ctx).Silences)
	default:
		r.line(c.words.desk.status.help, escape(cmp.Or(cmd.Command, "/gatewatch")))
	}
	return strings.Join(r.lines, "\n")
}

// report is an answer in the making.
type report struct {
	w       *words
	channel *Slack
	now     time.Time
	lines   []string
}

func (r *report) line(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *report) status(s Status, agent string) {
	w := &r.w.desk.status
	r.line("*"+w.title+"*", fit(agent, maxHeader))
	r.alerts(s)
	if len(s.Providers) == 0 {
		r.line("%s", w.noProviders)
	}
	for _, p := range s.Providers {
		usual := ""
		if !math.IsNaN(p.Usual) {
			usual = fmt.Sprintf(w.usual, percent(p.Usual))
		}
		r.line("• "+w.provider+"%s", fit(cmp.Or(r.w.providers[p.Name], p.Name), maxFact), percent(p.Success), usual)
	}
	r.silences(s.Silences)
	if s.Known {
		r.line(w.lag, r.w.duration(s.Lag))
	} else {
		r.line("%s", w.lagUnknown)
	}
	if s.Unsent > 0 {
		r.line(w.unsent, s.Unsent)
	}
}

func (r *report) alerts(s Status) {
	w := &r.w.desk.status
	if len(s.Alerts) == 0 {
		r.line("%s", w.wellNone)
		return
	}
	r.line(w.incidents, len(s.Alerts))
	m := &message{words: r.w, page: r.channel.page, now: r.now}
	none := &Notice{}
	for i := range s.Alerts[:min(len(s.Alerts), maxListed)] {
		a, h := &s.Alerts[i], s.Handled[i]
		text := mark(a) + " *" + fit(r.w.headline(none, a), maxHeader) + "*" + m.times(a, false)
		if h.Acknowledged != nil {
			text += " · ✋ " + who(h.Acknowledged.By)
		}
		if h.Silence != nil {
			text += " · 🔕 " + moment(h.Silence.Until, r.now)
		}
		r.line("%s", text)
	}
	if more := len(s.Alerts) - maxListed; more > 0 {
		r.line(w.more, more)
	}
}

func (r *report) silences(all []Silence) {
	w := &r.w.desk.status
	if len(all) == 0 {
		r.line("%s", w.noSilences)
		return
	}
	r.line(w.silences, len(all))
	for _, one := range all[:min(len(all), maxListed)] {
		what := strings.ReplaceAll(fit(one.What, maxHeader), "`", "'")
		r.line("• "+w.silence, what, moment(one.Until, r.now), fit(one.By, maxFact))
	}
	if more := len(all) - maxListed; more > 0 {
		r.line(w.more, more)
	}
}

// percent writes a share with a figure behind the point.
func percent(share float64) string {
	if math.IsNaN(share) {
		return "–"
	}
	return strconv.FormatFloat(100*share, 'f', 1, 64) + " %"
}
