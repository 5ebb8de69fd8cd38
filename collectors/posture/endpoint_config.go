package posture

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
	"gatewatch/internal/invalid"
)

// EndpointConfig is an entry of collectors.posture.endpoints: an address of our own.
type EndpointConfig struct {
	// Name in the label "name".
	Name string `yaml:"name"`
	// Address as customers reach it.
	URL string `yaml:"url"`
	// Address that is to lead to HTTPS. Empty: the same host over plain HTTP, when the URL is https:// on its usual port.
	PlainURL string `yaml:"plain_url"`
	// Headers that must be there, of hsts, nosniff, csp and frame. The last two are asked of HTML only.
	Headers []string `yaml:"headers"`
	// How often; at least an hour. One look takes about twenty requests, one a second.
	Interval model.Duration `yaml:"interval"`
	// How long one request may take.
	Timeout model.Duration `yaml:"timeout"`
	// File with certificate authorities to trust instead of the system's (PEM).
	CAFile string `yaml:"ca_file"`
}

const (
	defaultEndpointInterval = model.Duration(6 * time.Hour)
	minEndpointInterval     = model.Duration(time.Hour)
	defaultEndpointTimeout  = model.Duration(5 * time.Second)
	maxPostureEndpoints     = 20
)

// SetDefaults fills what is left out.
func (e *EndpointConfig) SetDefaults() {
	collect.SetDefault(&e.Interval, defaultEndpointInterval)
	collect.SetDefault(&e.Timeout, defaultEndpointTimeout)
	if e.Headers == nil {
		e.Headers = headerNames()
	}
	if u, err := url.Parse(e.URL); err == nil && e.PlainURL == "" && u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") {
		e.PlainURL = "http://" + u.Hostname() + "/"
		if strings.Contains(u.Hostname(), ":") {
			e.PlainURL = "http://[" + u.Hostname() + "]/"
		}
	}
}

func (e *EndpointConfig) validate() error {
	var m invalid.Mistakes
	fetch.ValidateURL(&m, "url", e.URL)
	if e.PlainURL != "" && !strings.HasPrefix(e.PlainURL, "http://") {
		m.Add("plain_url", "must be http://host…")
	}
	for _, h := range e.Headers {
		if !slices.Contains(headerNames(), h) {
			m.Add("headers", "%q is none of %s", h, strings.Join(headerNames(), ", "))
		}
	}
	if e.Interval < minEndpointInterval {
		m.Add("interval", "must be at least %s, is %s", minEndpointInterval, e.Interval)
	}
	if e.Timeout <= 0 {
		m.Add("timeout", "must be more than 0, is %s", e.Timeout)
	}
	if _, err := fetch.LoadRoots(e.CAFile); err != nil {
		m.Add("ca_file", "%v", err)
	}
	return m.Err()
}
