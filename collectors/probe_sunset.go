package collectors

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// announcementTable lists the metrics of the headers by which a provider announces an API's end.
func announcementTable() []probeMetric {
	return []probeMetric{
		{"provider_api_deprecated_timestamp_seconds", "http (own)",
			"Since when the API that is probed is deprecated (header Deprecation); 0: no date is told", []string{"provider"}},
		{"provider_api_end_timestamp_seconds", "http (own)",
			"When the API that is probed ends (header Sunset)", []string{"provider"}},
	}
}

// announcements notes the headers Deprecation and Sunset of an answer.
func (r *report) announcements(provider, name string, header http.Header) {
	setDefault(&provider, name)
	if at, ok := deprecation(header.Get("Deprecation")); ok {
		r.add("provider_api_deprecated_timestamp_seconds", unixSeconds(at), provider)
	}
	if at, err := http.ParseTime(header.Get("Sunset")); err == nil {
		r.add("provider_api_end_timestamp_seconds", unixSeconds(at), provider)
	}
}

// deprecation reads the header of RFC 9745, "@" and Unix time, and those of its drafts, an HTTP date or "true". The time is
// zero when it tells none.
func deprecation(text string) (at time.Time, ok bool) {
	if seconds, found := strings.CutPrefix(text, "@"); found {
		n, err := strconv.ParseInt(seconds, 10, 64)
		return time.Unix(n, 0), err == nil
	}
	if strings.EqualFold(text, "true") {
		return at, true
	}
	at, err := http.ParseTime(text)
	return at, err == nil
}
