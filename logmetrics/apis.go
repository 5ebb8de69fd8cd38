package logmetrics

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/event"
	"gatewatch/internal/apiend"
	"gatewatch/internal/invalid"
)

// APIEnd is a version of a provider's API whose end the provider has announced (payments.api_ends in the
// configuration).
type APIEnd struct {
	// Provider as in the metrics: adyen.
	Provider string `yaml:"provider"`
	// Version as logs have it: v66, 2024-06-20.
	Version string `yaml:"version"`
	// Day on which it ends, in UTC: 2027-03-31.
	Ends string `yaml:"ends"`
}

// Validate returns every mistake in e as invalid.Mistakes.
func (e *APIEnd) Validate() error {
	var m invalid.Mistakes
	if e.Provider == "" {
		m.Add("provider", "is missing")
	}
	if e.Version == "" {
		m.Add("version", "is missing")
	}
	if _, err := time.Parse(time.DateOnly, e.Ends); err != nil {
		m.Add("ends", "%q is no day like 2027-03-31", e.Ends)
	}
	return m.Err()
}

// maxAPIVersions bounds the versions of one provider's API: Adyen has one for each of its dozen APIs.
const maxAPIVersions = 20

// api counts the requests to one provider by the version of its API.
type api struct{ versions *bounded[apiVersion] }

type apiVersion struct {
	requests            prometheus.Counter
	deprecation, sunset announced
}

// announced is what the answers of one version say in one header. They say the same for months, so that the text is read
// only when it is another one than in the record before.
type announced struct {
	read           func(text string) (time.Time, bool)
	gauge          *prometheus.GaugeVec
	provider, name string
	last           atomic.Pointer[string]
}

// note tells what text says; nothing without a text.
func (a *announced) note(text []byte) {
	if last := a.last.Load(); len(text) == 0 || last != nil && *last == string(text) {
		return
	}
	said := string(text)
	if at, ok := a.read(said); ok {
		a.gauge.WithLabelValues(a.provider, a.name).Set(unixOrZero(at))
	}
	a.last.Store(&said)
}

func newAPIs(reg prometheus.Registerer, limits Limits, overflow *prometheus.CounterVec) *bounded[api] {
	labels := []string{"provider", "version"}
	requests := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "payment_api_requests_total", Help: "Records about a provider that name the version of its API.",
	}, labels)
	deprecated := promauto.With(reg).NewGaugeVec(prometheus.GaugeOpts{
		Name: "payment_api_deprecated_timestamp_seconds",
		Help: "Since when the version in use is deprecated, as the provider's answers in the logs say (header Deprecation); 0: they tell no date.",
	}, labels)
	ends := promauto.With(reg).NewGaugeVec(prometheus.GaugeOpts{
		Name: "payment_api_end_timestamp_seconds",
		Help: "When the version in use ends, as the configuration or the provider's answers in the logs say (header Sunset).",
	}, labels)
	known := map[[2]string]time.Time{}
	for _, e := range limits.APIEnds {
		if day, err := time.Parse(time.DateOnly, e.Ends); err == nil {
			known[[2]string{e.Provider, e.Version}] = day
		}
	}
	overVersion := overflow.WithLabelValues("api_version")
	return newBounded(limits.Providers, overflow.WithLabelValues("provider"), func(provider string) *api {
		return &api{newBounded(maxAPIVersions, overVersion, func(name string) *apiVersion {
			// An end is told only of what is in use.
			if day, ok := known[[2]string{provider, name}]; ok {
				ends.WithLabelValues(provider, name).Set(float64(day.Unix()))
			}
			return &apiVersion{
				requests:    requests.WithLabelValues(provider, name),
				deprecation: announced{read: apiend.Deprecation, gauge: deprecated, provider: provider, name: name},
				sunset:      announced{read: apiend.Sunset, gauge: ends, provider: provider, name: name},
			}
		})}
	})
}

// observeAPI counts a record about a provider by the version of its API, and notes what its headers announce.
func (m *Metrics) observeAPI(ev *event.Event) {
	version := ev.Fact(event.APIVersion)
	if len(version) == 0 {
		version = versionOf(ev.Fact(event.URL))
	}
	deprecation, sunset := ev.Fact(event.APIDeprecation), ev.Fact(event.APISunset)
	if len(version) == 0 && len(deprecation) == 0 && len(sunset) == 0 {
		return
	}
	if len(version) == 0 {
		version = []byte(unknownValue)
	}
	v := m.apis.get(ev.Payment.Provider).versions.getBytes(version)
	v.requests.Inc()
	v.deprecation.note(deprecation)
	v.sunset.note(sunset)
}

func unixOrZero(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return float64(at.Unix())
}

// versionOf returns the version in the path of an absolute address: v68 of https://checkout.example.com/v68/payments.
// The paths of a gateway's own addresses say nothing about a provider's.
func versionOf(address []byte) []byte {
	_, rest, absolute := bytes.Cut(address, []byte("://"))
	if !absolute {
		return nil
	}
	path, _, _ := bytes.Cut(rest, []byte("?"))
	_, path, _ = bytes.Cut(path, []byte("/"))
	for len(path) > 0 {
		var part []byte
		part, path, _ = bytes.Cut(path, []byte("/"))
		if isVersion(part) {
			return part
		}
	}
	return nil
}

// isVersion tells v1, V2, v1.2 and v1beta from other parts of a path.
func isVersion(part []byte) bool {
	return len(part) >= 2 && len(part) <= 12 && part[0]|0x20 == 'v' && part[1] >= '0' && part[1] <= '9'
}

// ValidateAPIEnds returns every mistake in all as invalid.Mistakes.
func ValidateAPIEnds(all []APIEnd) error {
	var m invalid.Mistakes
	seen := map[[2]string]bool{}
	for i := range all {
		at, key := fmt.Sprintf("[%d]", i), [2]string{all[i].Provider, all[i].Version}
		m.AddIn(at, all[i].Validate())
		if seen[key] {
			m.Add(at, "%s %s is there twice", key[0], key[1])
		}
		seen[key] = true
	}
	return m.Err()
}
