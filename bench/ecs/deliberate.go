package main

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatewatch/internal/values"
)

// deviation is a field in which documents differ on purpose.
type deviation struct {
	datasets, fields string // as path.Match has them
	reason           string
	// same tells whether the difference is the one meant. nil: the field is not made of the line and does not count.
	same func(field string, want, got document) bool
}

// deviations is looked through in its order.
var deviations = [...]deviation{
	{"*", "ecs.version", "what the document was made by", nil},
	{"*", "event.ingested", "the time of the test", nil},
	{"*", "event.created", "the time of the test", nil},
	{"*", "event.original", "the line again", nil},
	{"*", "event.kind", "event for all", nil},
	{"*", "event.timezone", "of the test's configuration", nil},
	{"*", "tags", "of the test's configuration", nil},
	{"*", "related.*", "other fields again", nil},
	{"*", "source.geo.*", "looked up from source.ip", nil},
	{"*", "source.as.*", "looked up from source.ip", nil},
	{"*", "user_agent.device.*", "looked up from user_agent.original", nil},
	{"*", "user_agent.os.*", "looked up from user_agent.original", nil},
	{"*", "user_agent.name", "looked up from user_agent.original", nil},
	{"*", "user_agent.version", "looked up from user_agent.original", nil},

	{"*.error", "event.category", "web for the whole file", absent},
	{"*", "event.type", "what log.level says", typeOfLevel},
	{"*", "log.level", "one set of words for all formats", sameLevel},
	{"*", "source.address", "stands in source.ip or source.domain", says("source.ip", "source.domain")},
	{"apache.access", "source.domain", "stands in source.address", says("source.address")},
	{"nginx.access", "nginx.access.remote_ip_list", "a list of one, which stands in source.ip or source.address", says("source.ip", "source.address")},
	{"apache.access", "apache.access.remote_addresses", "a list of one, which stands in source.ip or source.address", says("source.ip", "source.address")},
	{"apache.access", "apache.access.ssl.*", "stands in tls", absent},
	{"*.access", "url.path", "part of url.original", inURL},
	{"*.access", "url.query", "part of url.original", inURL},
	{"*.access", "url.extension", "part of url.original", inURL},
	{"*.access", "url.domain", "stands in destination.domain", says("destination.domain")},
	{"*.access", "event.outcome", "a status below 500 is no failure of the server", clientError},
	{"apache.access", "user.name", "a dash means none", dash},
	{"apache.access", "http.request.referrer", "a dash means none", dash},
	{"apache.access", "user_agent.original", "a dash means none", dash},
	{"apache.access", "client.ip", "an address behind the line, as no configuration of Apache's has it", absent},
	{"apache.access", "network.forwarded_ip", "an address behind the line, as no configuration of Apache's has it", absent},
	{"apache.access", "apache.access.remote_addresses", "an address behind the line, as no configuration of Apache's has it", absent},
	{"mysql.error", "message", "the lines that follow belong to it", continued},
	{"mysql.slowlog", "event.duration", "rounded by Elastic", rounded},
	{"postgresql.log", "event.duration", "rounded by Elastic", rounded},
	{"postgresql.log", "message", "the statement alone, in all shapes", shorter},
	{"system.auth", "user.name", "an empty name is none", empty},
	{"system.auth", "message", "redacted, as if passwd: were followed by a password", masked},
	{"system.syslog", "process.name", "launchd is the program, what it speaks of is the message", launchd},
	{"system.syslog", "message", "launchd is the program, what it speaks of is the message", longer},
	{"mysql.slowlog", "mysql.slowlog.query", "stands in message", says("message")},
	{"postgresql.log", "postgresql.log.query", "stands in message", says("message")},
	{"postgresql.log", "postgresql.log.timestamp", "the text of @timestamp", absent},
	{"postgresql.log", "@timestamp", "BST and other abbreviations of several zones count as the group's time zone", otherZone},
	{"system.*", "@timestamp", "a stamp without a year is of the last twelve months", otherYear},
}

// counts tells whether a field is made of the line.
func counts(dataset, field string) bool {
	for i := range deviations {
		if d := &deviations[i]; d.same == nil && d.concerns(dataset, field) {
			return false
		}
	}
	return true
}

// purpose returns the reason of the first deviation that explains a difference, or "".
func purpose(dataset, field string, want, got document) string {
	for i := range deviations {
		if d := &deviations[i]; d.same != nil && d.concerns(dataset, field) && d.same(field, want, got) {
			return d.reason
		}
	}
	return ""
}

func (d *deviation) concerns(dataset, field string) bool {
	inDataset, _ := path.Match(d.datasets, dataset) // the patterns are constants
	isField, _ := path.Match(d.fields, field)
	return inDataset && isField
}

func absent(field string, _, got document) bool { return got[field] == nil }

// says returns a function that tells whether the value stands in one of other fields instead.
func says(others ...string) func(string, document, document) bool {
	return func(field string, want, got document) bool {
		for _, other := range others {
			if got[other] != nil && equal(want[field], got[other]) || sameWords(want[field], got[other]) {
				return true
			}
		}
		return false
	}
}

// sameWords tells whether two texts differ by nothing but white space.
func sameWords(a, b any) bool {
	return a != nil && b != nil && slices.Equal(strings.Fields(fmt.Sprint(a)), strings.Fields(fmt.Sprint(b)))
}

func typeOfLevel(_ string, _, got document) bool { return got["log.level"] != nil }

// continued tells whether the text goes on with further lines.
func continued(field string, want, got document) bool {
	return strings.HasPrefix(fmt.Sprint(got[field]), fmt.Sprint(want[field])+"\n")
}

func shorter(field string, want, got document) bool {
	return got[field] != nil && strings.HasSuffix(fmt.Sprint(want[field]), fmt.Sprint(got[field]))
}

func longer(field string, want, got document) bool {
	return strings.HasSuffix(fmt.Sprint(got[field]), fmt.Sprint(want[field]))
}

func launchd(field string, want, got document) bool {
	return got[field] != nil && strings.HasPrefix(fmt.Sprint(want[field]), fmt.Sprint(got[field])+"[")
}

func empty(field string, want, got document) bool { return want[field] == "" && got[field] == nil }

func masked(field string, want, got document) bool {
	before, after, found := strings.Cut(fmt.Sprint(got[field]), "***")
	text := fmt.Sprint(want[field])
	return found && strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
}

// rounded tells whether two numbers of nanoseconds differ by less than a millionth.
func rounded(field string, want, got document) bool {
	a, errA := strconv.ParseInt(fmt.Sprint(want[field]), 10, 64)
	b, errB := strconv.ParseInt(fmt.Sprint(got[field]), 10, 64)
	return errA == nil && errB == nil && max(a-b, b-a) <= a/1e6
}

// sameLevel tells whether the words mean one level. "System" is MySQL's, LOCATION and the like are parts of a message.
func sameLevel(field string, want, got document) bool {
	switch want[field] {
	case "System":
		return got[field] == "info"
	case "DETAIL", "HINT", "LOCATION", "STATEMENT":
		return got[field] == nil
	}
	level := values.Level([]byte(strings.TrimRight(fmt.Sprint(want[field]), "12345678")))
	return level != nil && string(level) == fmt.Sprint(got[field])
}

// inURL tells whether the value is the part of url.original that the field is named after.
func inURL(field string, want, got document) bool {
	u, err := url.Parse(fmt.Sprint(got["url.original"]))
	if err != nil || got[field] != nil {
		return false
	}
	value := fmt.Sprint(want[field])
	switch field {
	case "url.path":
		return u.Path == value || u.EscapedPath() == value
	case "url.extension":
		return strings.HasSuffix(u.Path, "."+value)
	}
	query, err := url.QueryUnescape(u.RawQuery)
	return u.RawQuery == value || err == nil && query == value
}

func clientError(field string, want, got document) bool {
	status := fmt.Sprint(got["http.response.status_code"])
	return len(status) == 3 && status[0] == '4' && want[field] == "failure" && got[field] == "success"
}

func dash(field string, want, got document) bool { return want[field] == "-" && got[field] == nil }

// otherZone tells whether two times differ by whole hours, at most as many as zones do.
func otherZone(field string, want, got document) bool {
	a, errA := time.Parse(time.RFC3339, fmt.Sprint(want[field]))
	b, errB := time.Parse(time.RFC3339, fmt.Sprint(got[field]))
	d := a.Sub(b).Abs()
	return errA == nil && errB == nil && d%time.Hour == 0 && d <= 14*time.Hour
}

// otherYear tells whether two times differ by nothing but the year.
func otherYear(field string, want, got document) bool {
	a, errA := time.Parse(time.RFC3339, fmt.Sprint(want[field]))
	b, errB := time.Parse(time.RFC3339, fmt.Sprint(got[field]))
	a = a.UTC()
	return errA == nil && errB == nil && a.AddDate(b.Year()-a.Year(), 0, 0).Equal(b)
}
