package logmetrics_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"gatewatch/event"
	"gatewatch/logmetrics"
)

func TestAPIs(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m := logmetrics.New(reg, logmetrics.Limits{APIEnds: []logmetrics.APIEnd{
		{Provider: "adyen", Version: "v66", Ends: "2027-03-31"}, {Provider: "adyen", Version: "v52", Ends: "2025-01-01"},
	}})
	see := func(provider string, facts map[event.Key]string) {
		ev := &event.Event{}
		ev.Reset()
		ev.Source, ev.Payment.Provider = &event.Source{Dataset: "app"}, provider
		for key, value := range facts {
			ev.SetFact(key, []byte(value))
		}
		m.Observe(ev)
	}
	see("adyen", map[event.Key]string{event.URL: "https://checkout.example.com/v66/payments?x=/v99/"})
	see("adyen", map[event.Key]string{event.URL: "/api/v1/pay/adyen"})
	see("adyen", map[event.Key]string{event.URL: "https://checkout.example.com/payments/vouchers"})
	see("stripe", map[event.Key]string{event.APIVersion: "2024-06-20", event.URL: "https://api.stripe.com/v1/charges"})
	see("paypal", map[event.Key]string{event.APIDeprecation: "true", event.APISunset: "Sat, 31 Dec 2028 23:59:59 GMT"})
	see("paypal", map[event.Key]string{event.URL: "https://api.paypal.com/v1/payments", event.APIDeprecation: "@1688169599", event.APISunset: "soon"})
	see("", map[event.Key]string{event.URL: "https://example.com/v3/x"})
	want := `
# HELP payment_api_deprecated_timestamp_seconds Since when the version in use is deprecated, as the provider's answers in the logs say (header Deprecation); 0: they tell no date.
# TYPE payment_api_deprecated_timestamp_seconds gauge
payment_api_deprecated_timestamp_seconds{provider="paypal",version="unknown"} 0
payment_api_deprecated_timestamp_seconds{provider="paypal",version="v1"} 1.688169599e+09
# HELP payment_api_end_timestamp_seconds When the version in use ends, as the configuration or the provider's answers in the logs say (header Sunset).
# TYPE payment_api_end_timestamp_seconds gauge
payment_api_end_timestamp_seconds{provider="adyen",version="v66"} 1.806451200e+09
payment_api_end_timestamp_seconds{provider="paypal",version="unknown"} 1.861919999e+09
# HELP payment_api_requests_total Records about a provider that name the version of its API.
# TYPE payment_api_requests_total counter
payment_api_requests_total{provider="adyen",version="v66"} 1
payment_api_requests_total{provider="paypal",version="unknown"} 1
payment_api_requests_total{provider="paypal",version="v1"} 1
payment_api_requests_total{provider="stripe",version="2024-06-20"} 1
`
	names := []string{"payment_api_requests_total", "payment_api_deprecated_timestamp_seconds", "payment_api_end_timestamp_seconds"}
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
	for i := range 30 {
		see("adyen", map[event.Key]string{event.APIVersion: fmt.Sprint("v", 100+i)})
	}
	if n := testutil.CollectAndCount(gatherer{reg}, "payment_api_requests_total"); n > 30 {
		t.Errorf("30 more versions make %d series, want at most 20 and one for the others of adyen", n)
	}
}

// gatherer lets a registry be counted as a collector.
type gatherer struct{ reg *prometheus.Registry }

func (g gatherer) Describe(ch chan<- *prometheus.Desc) { g.reg.Describe(ch) }
func (g gatherer) Collect(ch chan<- prometheus.Metric) { g.reg.Collect(ch) }

func TestValidateAPIEnds(t *testing.T) {
	t.Parallel()
	f := func(want string, all ...logmetrics.APIEnd) {
		t.Helper()
		got := ""
		if err := logmetrics.ValidateAPIEnds(all); err != nil {
			got = err.Error()
		}
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("ValidateAPIEnds(%+v) = %q, want %q", all, got, want)
		}
	}
	one := logmetrics.APIEnd{Provider: "adyen", Version: "v66", Ends: "2027-03-31"}
	f("")
	f("", one)
	f("adyen v66 is there twice", one, one)
	f(`[0].ends: "31.3.2027" is no day like 2027-03-31`, logmetrics.APIEnd{Provider: "adyen", Version: "v66", Ends: "31.3.2027"})
	f("[0].provider: is missing", logmetrics.APIEnd{Version: "v66", Ends: "2027-03-31"})
}
