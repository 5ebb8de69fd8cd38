package alerting

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"gatewatch/alerting/receivers"
)

// Alert is an active alert, for the page and the terminal.
type Alert struct {
	// Name is the rule's name, such as PaymentProviderDown.
	Name string
	// Severity is critical, warning or info, as the rule says.
	Severity string
	// Verdict says whose fault it is: provider, us, network, customer (who declines, or whose bank does) or unknown.
	Verdict string
	// State is pending (true, but not yet for as long as the rule wants) or firing.
	State string
	// Labels identify the alert. Annotations describe it, as of the last evaluation.
	Labels, Annotations map[string]string
	// Since is when the condition became true.
	Since time.Time
	// Value is the value of the rule's expression.
	Value float64
	// Muted is why nobody is told: the comment of the maintenance window that is open for the alert, "" when none is.
	Muted string
}

// Change is an alert that began or stopped firing.
type Change struct {
	Alert Alert
	// Fired is true when the alert began, false when it ended.
	Fired bool
	// At is the time of the sample that showed it.
	At time.Time
}

const (
	stateFiring  = "firing"
	verdictOpen  = "unknown"
	labelVerdict = "verdict"
)

// verdicts are those that say something.
var verdicts = [...]string{"provider", "us", "network", "customer"}

// newAlert fills in what labels and annotations say. A verdict that can change while the alert lasts is an annotation:
// a label would make it another alert.
func newAlert(state string, labels, annotations map[string]string, since time.Time, value float64) Alert {
	verdict := cmp.Or(strings.TrimSpace(annotations[labelVerdict]), labels[labelVerdict], verdictOpen)
	if !slices.Contains(verdicts[:], verdict) {
		verdict = verdictOpen
	}
	return Alert{
		Name: labels["alertname"], Severity: cmp.Or(labels["severity"], "warning"), Verdict: verdict, State: state,
		Labels: labels, Annotations: annotations, Since: since, Value: value,
	}
}

// key identifies the alert among all.
func (a *Alert) key() string { return receivers.Key(a.Labels) }

// Text returns an annotation of the alert in the language "en" or "zh", with the provider's name for people, or "" when
// the rule has none.
func (a Alert) Text(annotation, language string) string {
	return receivers.Text(a.Labels, a.Annotations, annotation, language)
}

// Reasons returns what the verdict rests on, as the rules name it: others_well, their_errors.
func (a Alert) Reasons() []string { return receivers.Reasons(a.Annotations) }

// ReasonText says in the language "en" or "zh" what one of Reasons means, or "" when it is not known.
func (a Alert) ReasonText(reason, language string) string {
	return receivers.ReasonText(reason, language)
}

// sortAlerts puts what is firing first, then the severest, then the oldest.
func sortAlerts(all []Alert) {
	slices.SortFunc(all, func(a, b Alert) int {
		return cmp.Or(
			cmp.Compare(a.State, b.State), // "firing" sorts before "pending"
			cmp.Compare(receivers.SeverityRank(a.Severity), receivers.SeverityRank(b.Severity)),
			a.Since.Compare(b.Since),
			cmp.Compare(a.key(), b.key()),
		)
	})
}

// Alerts returns what is pending or firing as of the last evaluation, the most important first.
func (e *Engine) Alerts() []Alert {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.alerts)
}

// Subscribe calls f for every alert that begins or stops firing, until cancel is called. f is called by Evaluate and
// must not block.
func (e *Engine) Subscribe(f func(Change)) (cancel func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.subscribed++
	id := e.subscribed
	e.subscribers[id] = f
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.subscribers, id)
	}
}

// announce makes active what Alerts returns and calls the subscribers for the difference.
func (e *Engine) announce(active []Alert, ts time.Time) {
	e.mu.Lock()
	changes := difference(e.alerts, active, ts)
	e.alerts = active
	subscribers := slices.Collect(maps.Values(e.subscribers))
	e.mu.Unlock()
	firing := 0
	for _, a := range active {
		if a.State == stateFiring {
			firing++
		}
	}
	e.metrics.firing.Set(float64(firing))
	for _, c := range changes {
		for _, f := range subscribers {
			f(c)
		}
	}
}

func difference(before, after []Alert, ts time.Time) []Change {
	var changes []Change
	was := firingByKey(before)
	is := firingByKey(after)
	for _, a := range after {
		if _, ok := was[a.key()]; !ok && a.State == stateFiring {
			changes = append(changes, Change{Alert: a, Fired: true, At: ts})
		}
	}
	for _, a := range before {
		if _, ok := is[a.key()]; !ok && a.State == stateFiring {
			changes = append(changes, Change{Alert: a, At: ts})
		}
	}
	return changes
}

func firingByKey(all []Alert) map[string]Alert {
	m := map[string]Alert{}
	for _, a := range all {
		if a.State == stateFiring {
			m[a.key()] = a
		}
	}
	return m
}
