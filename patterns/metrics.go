package patterns

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what the tracker counts by itself; its gauges are made when they are asked for.
type metrics struct {
	fresh, evicted, unsaved prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return promauto.With(reg).NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	return &metrics{
		fresh:   counter("log_new_templates_total", "Error templates that were not known before."),
		evicted: counter("gatewatch_log_templates_evicted_total", "Error templates forgotten because there are too many."),
		unsaved: counter("gatewatch_log_templates_save_failures_total", "Failures to save the error templates to disk."),
	}
}

var (
	templatesDesc = prometheus.NewDesc("log_templates", "Error templates known.", nil, nil)
	recordsDesc   = prometheus.NewDesc("log_template_records_total",
		`Errors and warnings by template; those of templates without a series of their own count under "other".`, []string{"template"}, nil)
	newDesc = prometheus.NewDesc("log_template_new_records",
		"Records of the last 5 minutes of error templates that are new.", []string{"template", "text"}, nil)
	risingDesc = prometheus.NewDesc("log_template_rising_ratio",
		"How many times as many records as usual the error templates have that are rising.", []string{"template", "text"}, nil)
)

// Describe implements prometheus.Collector.
func (t *Tracker) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{templatesDesc, recordsDesc, newDesc, risingDesc} {
		ch <- d
	}
}

const (
	otherTemplate = "other"
	// maxLabel bounds the text of a template in a label, in bytes.
	maxLabel = 160
)

// Collect implements prometheus.Collector. Only templates of errors, not of warnings, are told as new or rising.
func (t *Tracker) Collect(ch chan<- prometheus.Metric) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	since, minute := t.newSince(now), now.Unix()/60
	ch <- prometheus.MustNewConstMetric(templatesDesc, prometheus.GaugeValue, float64(len(t.templates)))
	ch <- prometheus.MustNewConstMetric(recordsDesc, prometheus.CounterValue, float64(t.other), otherTemplate)
	for e := t.used.Front(); e != nil; e = e.Next() {
		o := e.Value.(*template)
		if !o.series {
			continue
		}
		ch <- prometheus.MustNewConstMetric(recordsDesc, prometheus.CounterValue, float64(o.shown), string(o.key))
		if o.level < levelError || now.Sub(o.last) > recentMinutes*time.Minute {
			continue
		}
		text := label(o.text)
		if factor, ok := o.rising(now, t.began); o.first.After(since) {
			recent := o.minutes.sum(minute-recentMinutes+1, minute+1)
			ch <- prometheus.MustNewConstMetric(newDesc, prometheus.GaugeValue, float64(recent), string(o.key), text)
		} else if ok {
			ch <- prometheus.MustNewConstMetric(risingDesc, prometheus.GaugeValue, factor, string(o.key), text)
		}
	}
}

// label cuts the text of a template for a label, after a word.
func label(text string) string {
	if len(text) <= maxLabel {
		return text
	}
	text = string(cut([]byte(text), maxLabel))
	if space := strings.LastIndexByte(text, ' '); space > 0 {
		text = text[:space]
	}
	return text + " …"
}
