package web

import (
	"context"
	"net/http"
	"time"
)

// Deps is what the page shows, as the other parts of the agent give it. Series, Logs and Incidents are required; what
// else is nil is left out of the page.
type Deps struct {
	// Series answers PromQL.
	Series Series
	// Logs searches the journal.
	Logs Logs
	// Incidents returns the alerts that fire now and those that ended lately, in any order. It must not block.
	Incidents func() []Incident
	// Agent returns facts about the agent itself. It must not block.
	Agent func() Agent
	// ProviderName returns the name of a provider for people, in "en" or "zh". Nil: the canonical name.
	ProviderName func(provider, lang string) string
	// Errors returns the groups of errors, the most noteworthy first, at most limit of them. It must not block. Nil: there
	// is no page of errors.
	Errors func(limit int) ErrorGroups
	// Orders returns the orders that somebody should look at, the newest first. It must not block. Nil: there is no page of
	// orders.
	Orders func() []OrderFinding
	// Objectives returns the service level objectives, which may change. It must not block. Nil: there are none.
	Objectives func() []Objective
	// Unclassed returns the result codes that no table gives a class, the most frequent first. Nil: they are not shown.
	Unclassed func() []UnclassedCode
	// Deployed notes that a new version of what writes the logs begins to run. Nil: it cannot be told.
	Deployed func(version string)
	// RestoreTested notes that a backup with this name was restored to try it. Its error is shown to who told. Nil: it
	// cannot be told.
	RestoreTested func(name string) error
	// Silence keeps an incident from being told; Unsilence ends a silence by its ID. Their errors are shown to the person
	// who asked. Nil, both or none: there is no silencing here.
	Silence   func(context.Context, SilenceRequest) error
	Unsilence func(ctx context.Context, id string) error
	// Metrics serves /metrics, Prometheus /api/v1/ of its HTTP API, which must change nothing, and Alertmanager /api/v2/
	// of its API. What is nil is not served.
	Metrics, Prometheus, Alertmanager http.Handler
	// Ready returns nil when the agent does its work, otherwise why not yet.
	Ready func(context.Context) error
	// Reload makes the agent read its configuration again, and returns why it goes on with the one before; that error
	// wraps ErrRefused when the new one is at fault.
	Reload func(context.Context) error
	// Location is the time zone of the page. Nil: the host's.
	Location *time.Location
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
}

// Series answers PromQL over the metrics of the agent.
type Series interface {
	// Query returns the instant vector of expr at the time at. A scalar is one sample without labels.
	Query(ctx context.Context, expr string, at time.Time) ([]Sample, error)
	// QueryRange returns the lines of expr from from to to, a point each step.
	QueryRange(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]Line, error)
}

// Sample is one element of an instant vector.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Line is one series over time.
type Line struct {
	Labels map[string]string
	Points []Point
}

// Point is one value of a Line.
type Point struct {
	Time  time.Time
	Value float64
}

// Logs searches the journal.
type Logs interface {
	Search(ctx context.Context, q LogQuery) (LogResult, error)
}

// LogQuery says which records are wanted, newest first. All conditions hold together.
type LogQuery struct {
	// From and To bound the records' time: From <= time < To. A zero time does not bound.
	From, To time.Time
	// Equal are document fields with exact values.
	Equal []Match
	// Words all occur in the document, upper and lower case alike. A word is matched as a whole, and time* matches
	// all that begin so.
	Words []string
	// Limit is the most records returned.
	Limit int
	// Budget is how long the search may take; what was found until then is returned.
	Budget time.Duration
}

// Match is a document field with its wanted value: log.level, warn.
type Match struct {
	Name, Value string
}

// LogResult is what a search found.
type LogResult struct {
	Hits []Hit
	// Complete is false when the budget ended before the search.
	Complete bool
	// Reached is, when the search is not complete, the time down to which it is: all matches after it are in Hits.
	// Zero when that is not known.
	Reached time.Time
	// Scanned is the number of records looked at.
	Scanned int
}

// Hit is one found record.
type Hit struct {
	Time time.Time
	// Path is the file the record came from, Offset where in it the record begins.
	Path   string
	Offset int64
	// Document is the flat JSON object of the record.
	Document []byte
}

// Incident is an alert, active or ended.
type Incident struct {
	// ID stays the same while the alert lasts, and differs from all others. It is used in links.
	ID string
	// Name is the name of the alert's rule, Severity critical, warning or info.
	Name, Severity string
	// Provider is the payment provider concerned, or "".
	Provider string
	// Side is whose fault it is: "provider", "us", "network", "customer", or "" when the rule does not know.
	Side string
	// Reasons are what Side rests on.
	Reasons []Reason
	// Orders tells that single orders are concerned, and not how well the payments of Provider succeed.
	Orders bool
	// Summary and Description are the texts of the rule by language, "en" and "zh". A missing "zh" falls back to
	// "en".
	Summary, Description map[string]string
	// Since is when it began, Until when it ended; zero while it lasts.
	Since, Until time.Time
	// Labels are all labels of the alert.
	Labels map[string]string
	// AcknowledgedBy is who takes care of it, "" for nobody.
	AcknowledgedBy string
	// Silences keep it from being told now, the one that lasts longest first.
	Silences []Silence
	// Maintenance is the comment of the maintenance window that mutes it, "" for none.
	Maintenance string
}

// Silence keeps an incident from being told.
type Silence struct {
	ID string
	// By and Comment are who made it, and why.
	By, Comment string
	Until       time.Time
}

// SilenceRequest asks for a silence of one incident.
type SilenceRequest struct {
	// Labels are all labels of the incident's alert.
	Labels      map[string]string
	By, Comment string
	Until       time.Time
}

// Reason is why something is thought to be somebody's fault.
type Reason struct {
	// ID is its name in rules: others_well.
	ID string
	// Text says it by language, "en" and "zh".
	Text map[string]string
}

// Agent is what is known about the agent itself.
type Agent struct {
	Version, Revision, GoVersion string
	// Host is the name of the host.
	Host    string
	Started time.Time
	Files   []File
	Journal Journal
	Outputs []Output
	// Config is the effective configuration with its secrets masked, or "".
	Config string
}

// File is one followed log file.
type File struct {
	Path, Format string
	// Offset is how far the file is read, Size how long it is.
	Offset, Size int64
	// Last is the time of the last record read; zero when there was none.
	Last time.Time
	// Error is what is wrong with the file, or "".
	Error string
}

// Journal is the state of the journal.
type Journal struct {
	Bytes, MaxBytes int64
	Segments        int
	// Oldest is the time of the oldest record; zero when it is empty.
	Oldest time.Time
	// Error is what is wrong with it (a full disk), or "".
	Error string
}

// Output is the state of one output.
type Output struct {
	// Name is what people call it: Elasticsearch.
	Name string
	// Delivered counts the records delivered, Rejected those that the output refused.
	Delivered, Rejected int64
	// Waiting is the number of bytes or records still to be sent, in the words of the output; "" when it keeps up.
	Waiting string
	// Error is why it does not deliver now, or "".
	Error string
}
