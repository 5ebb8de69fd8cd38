// Package scrapes asks applications for the metrics that they tell themselves: Spring Boot, Node.js and others.
package scrapes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"

	clients "github.com/prometheus/client_golang/prometheus/collectors"

	dto "github.com/prometheus/client_model/go"

	"gatewatch/redact"
)

// The bounds of what an application can tell.
const (
	maxScrapeBody = 4 << 20
	// maxScrapeLabels and maxScrapeValue bound a sample: how many labels, and how long a value is in bytes.
	maxScrapeLabels, maxScrapeValue = 30, 300
	// maxToken is the most bytes of a file with a token.
	maxToken = 16 << 10
)

// scrape asks one application for its metrics.
type scrape struct {
	cfg      Config
	instance string
	client   *http.Client
	others   collect.GivenNames
	clean    *redact.Redactor
	// process are the agent's own families of its process. One name has one type and help.
	process map[string]*dto.MetricFamily

	// wanted are the names that are kept.
	wanted func(name string) bool

	up, taken, refused, health collect.Metric
}

// newScrape returns the collector of one application.
func newScrape(cfg Config, instance string, roots *x509.CertPool, others collect.GivenNames) collect.Collector {
	var all collect.Metrics
	client := fetch.Client()
	transport := fetch.Transport()
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = 1, 1
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	client.Transport = transport
	s := &scrape{
		cfg: cfg, instance: instance, client: client, others: others, wanted: cfg.wanted(),
		// What it counts is about logs.
		clean: redact.New(redact.DefaultConfig(), prometheus.NewRegistry()), process: ownProcess(),
		up:      all.Gauge("scrape_up", "Whether the application told its metrics.", "application", "instance"),
		taken:   all.Gauge("scrape_samples", "Samples that were taken from the application.", "application", "instance"),
		refused: all.Gauge("scrape_refused_samples", "Samples of the application that were not taken: names of the agent, of its collectors or of rules, names that are not written in ASCII, too many labels, twice the same.", "application", "instance"),
		health:  all.Gauge("scrape_health", "The state the application says it is in, always 1; without a component: all of it.", "application", "instance", "component", "status"),
	}
	return collect.Collector{
		Name: "scrape_" + cfg.Name, Metrics: all, Interval: time.Duration(cfg.Interval), Timeout: time.Duration(cfg.Timeout),
		// When others come to give a name, no sample of that name may be left here, not even of a collection under way.
		MadeOf:  []any{cfg, fetch.Contents(cfg.CAFile), others},
		Collect: s.collect, Stop: client.CloseIdleConnections,
	}
}

// ownProcess returns what the agent's registry says of its process.
func ownProcess() map[string]*dto.MetricFamily {
	reg := prometheus.NewRegistry()
	reg.MustRegister(clients.NewProcessCollector(clients.ProcessCollectorOpts{}))
	families, _ := reg.Gather() // names are there also when a value cannot be read
	own := map[string]*dto.MetricFamily{}
	for _, f := range families {
		own[f.GetName()] = f
	}
	return own
}

// collect gives what the application says now. While it says nothing there are no samples of it but scrape_up.
func (s *scrape) collect(ctx context.Context, out *collect.Samples) error {
	said, err := s.ask(ctx)
	out.Add(s.up, collect.Bool(err == nil), s.cfg.Name, s.instance)
	var health error
	if s.cfg.HealthURL != "" {
		health = s.collectHealth(ctx, out)
	}
	if err == nil {
		all, refused := s.families(said)
		count := 0
		for _, f := range all {
			count += len(f.Samples)
		}
		out.Add(s.refused, float64(refused), s.cfg.Name, s.instance)
		out.Add(s.taken, float64(min(count, collect.MaxSamples-len(out.Metrics)-1)), s.cfg.Name, s.instance)
		for _, f := range all {
			out.TakeFamily(f)
		}
	}
	return errors.Join(err, health)
}

func (s *scrape) ask(ctx context.Context) (exposition, error) {
	a, err := s.get(ctx, s.cfg.URL, "text/plain;version=0.0.4;q=1, */*;q=0.1", maxScrapeBody)
	if err != nil {
		return exposition{}, err
	}
	if a.status != http.StatusOK {
		return exposition{}, fmt.Errorf("the application answers %d", a.status)
	}
	kind, _, _ := mime.ParseMediaType(a.kind)
	switch {
	case kind == "text/html":
		return exposition{}, errors.New("the answer is a page for people; does url lead to the metrics?")
	case strings.HasSuffix(kind, "json"):
		return exposition{}, errors.New("the answer is JSON; does url lead to the metrics?")
	}
	return readExposition(a.body, kind == "application/openmetrics-text", s.wanted)
}

// readToken returns what stands in the file.
func readToken(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	token := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", err
	case token == "" || len(text) > maxToken || strings.ContainsAny(token, "\r\n"):
		return "", fmt.Errorf("%s does not hold one token on one line", file)
	}
	return token, nil
}

// scraped is an answer of an application.
type scraped struct {
	status     int
	kind, body string
}

// get asks for an address of the application. Its error does not repeat the address, which may hold a password.
func (s *scrape) get(ctx context.Context, address, accept string, most int64) (scraped, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return scraped{}, errors.New("the address is not a URL")
	}
	req.Header.Set("User-Agent", "gatewatch")
	req.Header.Set("Accept", accept)
	for name, value := range s.cfg.Headers {
		req.Header.Set(name, value.Reveal())
		if http.CanonicalHeaderKey(name) == "Host" {
			req.Host = value.Reveal()
		}
	}
	switch {
	case s.cfg.Username != "":
		req.SetBasicAuth(s.cfg.Username, s.cfg.Password.Reveal())
	case s.cfg.BearerToken != "":
		req.Header.Set("Authorization", "Bearer "+s.cfg.BearerToken.Reveal())
	case s.cfg.BearerTokenFile != "":
		token, err := readToken(s.cfg.BearerTokenFile)
		if err != nil {
			return scraped{}, fmt.Errorf("bearer_token_file: %w", err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return scraped{}, fetch.WithoutURL(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return scraped{}, fetch.WithoutURL(err)
	}
	if int64(len(body)) > most {
		return scraped{}, fmt.Errorf("the answer has more than %d bytes", most)
	}
	return scraped{resp.StatusCode, resp.Header.Get("Content-Type"), string(body)}, nil
}

// families returns what is taken of what the application says, in the order of the names, and how many samples are not.
func (s *scrape) families(said exposition) (taken []collect.Family, refused int) {
	refused = said.skipped
	for _, name := range slices.Sorted(maps.Keys(said.families)) {
		all := said.families[name].Metric
		if s.isOwned(name) {
			refused += len(all)
			continue
		}
		f, seen := collect.Family{Name: name, Type: dto.MetricType_UNTYPED, Says: said.typeOf(name), Unique: true}, map[string]bool{}
		own := s.process[name]
		if own != nil {
			f.Type, f.Help = own.GetType(), own.GetHelp()
		}
		for _, m := range all {
			unfit := false
			m.Label, unfit = s.labels(m.Label)
			key := collect.SeriesKey(name, m)
			if unfit || seen[key] || len(m.Label) > maxScrapeLabels {
				refused++
				continue
			}
			seen[key] = true
			f.Samples = append(f.Samples, typed(m, own))
		}
		taken = append(taken, f)
	}
	return taken, refused
}

// isOwned tells whether a name is one that an application may not give. The process of an application is told apart from
// that of the agent by its labels.
func (s *scrape) isOwned(name string) bool {
	if prefix, reserved := collect.Reserved(name); reserved && prefix == "process_" {
		return s.others.Has(name)
	}
	_, is := s.others.Owned(name)
	return is
}

// labels adds ours, and tells whether a name is there twice then, or is one that Prometheus keeps to itself. As in Prometheus
// the application's own of the same names become exported_….
func (s *scrape) labels(all []*dto.LabelPair) (sorted []*dto.LabelPair, unfit bool) {
	for _, l := range all {
		name, value := l.GetName(), l.GetValue()
		unfit = unfit || strings.HasPrefix(name, "__")
		if name == "application" || name == "instance" {
			name = "exported_" + name
		}
		// A path in a label may hold what a customer sent.
		value = string(s.clean.Redact(nil, []byte(value)))
		if len(value) > maxScrapeValue {
			value = value[:maxScrapeValue] + "…"
		}
		value = strings.ToValidUTF8(value, "�")
		l.Name, l.Value = &name, &value
	}
	application, instance := "application", "instance"
	all = append(all, &dto.LabelPair{Name: &application, Value: &s.cfg.Name}, &dto.LabelPair{Name: &instance, Value: &s.instance})
	slices.SortFunc(all, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	for i := 1; i < len(all); i++ {
		unfit = unfit || all[i].GetName() == all[i-1].GetName()
	}
	return all, unfit
}

// typed gives m the type of the agent's own family of that name, if there is one.
func typed(m *dto.Metric, own *dto.MetricFamily) *dto.Metric {
	value := m.GetUntyped().GetValue()
	switch {
	case own == nil:
	case own.GetType() == dto.MetricType_COUNTER:
		m.Untyped, m.Counter = nil, &dto.Counter{Value: &value}
	default:
		m.Untyped, m.Gauge = nil, &dto.Gauge{Value: &value}
	}
	return m
}
