package alerting

import (
	"context"
	"time"

	"gatewatch/alerting/receivers"
)

const (
	// linesBack is how old lines in messages may be, linesTimeout how long looking for them may take.
	linesBack    = 5 * time.Minute
	linesTimeout = time.Second
)

// Lines finds in logs what shows what happens.
type Lines interface {
	// Failing returns at most limit redacted records of failed attempts with the provider, the oldest first.
	Failing(ctx context.Context, provider string, from, to time.Time, limit int) ([]receivers.Line, error)
	// Merchants returns at most limit merchants of failed attempts with the provider, those with most in front, and how
	// many more there are.
	Merchants(ctx context.Context, provider string, from, to time.Time, limit int) ([]receivers.Merchant, int, error)
}

// ShowLines puts lines that l finds into messages. It is called before Run.
func (e *Engine) ShowLines(l Lines) { e.lines = l }

// addLines puts in lines and merchants that show the first alert, when it is about failed attempts with a provider and still
// fires.
func (e *Engine) addLines(ctx context.Context, n *receivers.Notice, now time.Time) {
	first := &n.Alerts[0]
	provider := first.Labels["provider"]
	if e.lines == nil || !aboutAttempts(first) || !first.Ended.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, linesTimeout)
	defer cancel()
	found, err := e.lines.Failing(ctx, provider, now.Add(-linesBack), now, receivers.MaxLines)
	if err != nil {
		e.log.Debug("looking for lines to show", "err", err)
	}
	if len(found) > 0 {
		n.Lines = found
	}
	merchants, more, err := e.lines.Merchants(ctx, provider, now.Add(-linesBack), now, receivers.MaxMerchants)
	if err != nil {
		e.log.Debug("looking for merchants to show", "err", err)
	}
	if len(merchants) > 0 {
		n.Merchants, n.MoreMerchants = merchants, more
	}
}

// aboutAttempts tells whether an alert is about how attempts with a provider end.
func aboutAttempts(a *receivers.Alert) bool {
	return a.Labels["provider"] != "" && a.Annotations["success"]+a.Annotations["technical"] != ""
}
