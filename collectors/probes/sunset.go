package probes

import (
	"net/http"

	"gatewatch/collectors/collect"
	"gatewatch/internal/apiend"
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
	collect.SetDefault(&provider, name)
	if at, ok := apiend.Deprecation(header.Get("Deprecation")); ok {
		r.add("provider_api_deprecated_timestamp_seconds", collect.UnixSeconds(at), provider)
	}
	if at, ok := apiend.Sunset(header.Get("Sunset")); ok {
		r.add("provider_api_end_timestamp_seconds", collect.UnixSeconds(at), provider)
	}
}
