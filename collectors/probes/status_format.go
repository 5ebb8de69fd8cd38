package probes

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"golang.org/x/net/html/charset"

	"gatewatch/collectors/collect"
)

// trouble is how bad a provider says things are.
type trouble int

// The values of provider_status_indicator.
const (
	noTrouble trouble = iota
	minorTrouble
	majorTrouble
	criticalTrouble
)

// String returns the name that Statuspage gives it.
func (t trouble) String() string { return [...]string{"none", "minor", "major", "critical"}[t] }

// status is what a status page says.
type status struct {
	trouble    trouble
	text       string
	components []component
	incidents  []incident
}

type component struct {
	name    string
	trouble trouble
}

// incident is one that is open.
type incident struct {
	id, name string
	trouble  trouble
}

// openFor is how long an entry of a feed that nobody closed is taken for open.
const openFor = 24 * time.Hour

// readStatus reads a page in one of statusFormats. now is the time by which entries of feeds are old.
func readStatus(format string, body []byte, now time.Time) (status, error) {
	text := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if format == "auto" {
		switch {
		case bytes.HasPrefix(text, []byte("<")):
			format = "feed"
		case bytes.Contains(text, []byte(`"indicator"`)):
			format = "statuspage"
		default:
			format = "stripe"
		}
	}
	switch format {
	case "feed":
		return readFeed(text, now)
	case "statuspage":
		return readStatuspage(text)
	}
	return readStripe(text)
}

// readStatuspage reads the api/v2/summary.json of Atlassian Statuspage, which lists open incidents.
func readStatuspage(text []byte) (s status, err error) {
	var page struct {
		Status     struct{ Indicator, Description string }
		Components []struct {
			Name, Status string
			Group        bool
		}
		Incidents []struct{ ID, Name, Status, Impact string }
	}
	if err := json.Unmarshal(text, &page); err != nil {
		return s, fmt.Errorf("not the JSON of Statuspage: %w", err)
	}
	if page.Status.Indicator == "" {
		return s, errors.New("not the summary of Statuspage: it has no status.indicator")
	}
	s.trouble, s.text = troubleOf(page.Status.Indicator), page.Status.Description
	for _, c := range page.Components {
		if !c.Group {
			s.components = append(s.components, component{c.Name, troubleOf(c.Status)})
		}
	}
	for _, i := range page.Incidents {
		if i.Status != "resolved" && i.Status != "postmortem" {
			s.incidents = append(s.incidents, incident{i.ID, i.Name, max(troubleOf(i.Impact), minorTrouble)})
		}
	}
	return s, nil
}

// troubleOf reads Statuspage's indicators, impacts and states of components. What it does not know is minor.
func troubleOf(word string) trouble {
	switch word {
	case "none", "operational":
		return noTrouble
	case "major", "partial_outage":
		return majorTrouble
	case "critical", "major_outage":
		return criticalTrouble
	}
	return minorTrouble
}

// readStripe reads current/full of status.stripe.com. It names no incidents, so trouble counts as one.
func readStripe(text []byte) (s status, err error) {
	var page struct {
		UptimeStatus  string `json:"UptimeStatus"`
		OverallStatus string `json:"overallStatus"` // an older name of the same
		Message       string `json:"message"`
		UptimeData    []struct {
			Key, Title string
			Warning    any
		} `json:"uptimeData"`
	}
	if err := json.Unmarshal(text, &page); err != nil {
		return s, fmt.Errorf("not the JSON of Stripe's status page: %w", err)
	}
	collect.SetDefault(&page.UptimeStatus, page.OverallStatus)
	switch page.UptimeStatus {
	case "":
		return s, errors.New("not Stripe's status: it has no UptimeStatus")
	case "up":
	case "down":
		s.trouble = criticalTrouble
	default: // degraded, pending, paused
		s.trouble = minorTrouble
	}
	s.text = page.Message
	for _, c := range page.UptimeData {
		one := component{name: c.Title}
		collect.SetDefault(&one.name, c.Key)
		if c.Warning != nil && c.Warning != false && c.Warning != "" {
			one.trouble = minorTrouble
		}
		s.components = append(s.components, one)
	}
	if s.trouble > noTrouble {
		s.incidents = []incident{{id: page.UptimeStatus, name: page.Message, trouble: s.trouble}}
	}
	return s, nil
}

// entry is an item of RSS or an entry of Atom.
type entry struct {
	Title       string `xml:"title"`
	GUID        string `xml:"guid"`
	ID          string `xml:"id"`
	PubDate     string `xml:"pubDate"`
	Updated     string `xml:"updated"`
	Published   string `xml:"published"`
	Description string `xml:"description"`
	Content     string `xml:"content"`
	Summary     string `xml:"summary"`
}

// readFeed reads RSS 2.0 or Atom. A feed tells neither impact nor whether an incident is open in a way that programs
// could rely on: an entry of the last day is open unless it says it is resolved, and major when it speaks of an outage.
func readFeed(text []byte, now time.Time) (s status, err error) {
	var feed struct {
		XMLName xml.Name
		Items   []entry `xml:"channel>item"`
		Entries []entry `xml:"entry"`
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = charset.NewReaderLabel
	if err := d.Decode(&feed); err != nil {
		return s, fmt.Errorf("not a feed: %w", err)
	}
	if name := feed.XMLName.Local; name != "rss" && name != "feed" {
		return s, fmt.Errorf("neither RSS nor Atom but <%s>", name)
	}
	seen := map[string]bool{}
	for _, e := range append(feed.Items, feed.Entries...) {
		collect.SetDefault(&e.ID, e.GUID)
		collect.SetDefault(&e.ID, e.Title)
		// The newest entry of an incident comes first.
		if !seen[e.ID] && e.open(now) {
			s.incidents = append(s.incidents, incident{e.ID, strings.TrimSpace(e.Title), e.trouble()})
			s.trouble = max(s.trouble, e.trouble())
		}
		seen[e.ID] = true
	}
	if len(s.incidents) > 0 {
		s.text = s.incidents[0].name
	}
	return s, nil
}

// open tells whether the entry is of the last day, about no planned work, and not over.
func (e entry) open(now time.Time) bool {
	at, ok := e.time()
	if !ok || now.Sub(at) > openFor || at.After(now.Add(time.Hour)) {
		return false
	}
	title, text := strings.ToLower(e.Title), strings.ToLower(e.Description+e.Content+e.Summary)
	for _, over := range []string{"resolved", "completed", "postponed", "rescheduled", "cancelled", "canceled", "maintenance", "scheduled"} {
		if strings.Contains(title, over) {
			return false
		}
	}
	// Statuspage's feeds tell the whole story in HTML, with the state of each update in bold.
	return !strings.Contains(text, "<strong>resolved</strong>") && !strings.Contains(text, "<strong>completed</strong>") &&
		!strings.Contains(text, "this is a scheduled event")
}

func (e entry) trouble() trouble {
	title := strings.ToLower(e.Title)
	for _, word := range []string{"outage", "unavailable", "down"} {
		if strings.Contains(title, word) {
			return majorTrouble
		}
	}
	return minorTrouble
}

// time returns when the entry was last changed.
func (e entry) time() (time.Time, bool) {
	for _, text := range []string{e.Updated, e.PubDate, e.Published} {
		text = strings.TrimSpace(text)
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return at, true
		}
		if at, err := mail.ParseDate(text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
