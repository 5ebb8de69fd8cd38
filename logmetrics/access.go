package logmetrics

import (
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/event"
)

// requestBuckets begin where a healthy gateway answers and end at the usual time-out of a reverse proxy.
var requestBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// httpMethods are the request methods that have their own label value; the first stands for all others.
var httpMethods = [...]string{otherValue, "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE"}

// Status codes outside of these count as "unknown"; 499 and 444 are nginx' own.
const minStatus, maxStatus = 100, 599

// service counts the requests of one service.
type service struct {
	methods [len(httpMethods)]atomic.Pointer[requests]
	bytes   prometheus.Counter
	create  func(method string) *requests
}

// requests counts the requests with one method.
type requests struct {
	// byCode has the unknown status at 0 and minStatus at 1.
	byCode   *counters
	duration prometheus.Observer
}

func newServices(reg prometheus.Registerer, limits Limits, overflow *prometheus.CounterVec) *bounded[service] {
	total := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "gateway_http_requests_total", Help: "Requests in the gateway's access logs.",
	}, []string{"method", "code", "service"})
	durations := promauto.With(reg).NewHistogramVec(
		histogramOpts("gateway_http_request_duration_seconds", "How long the gateway took to answer requests.", requestBuckets),
		[]string{"method", "service"})
	bytes := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "gateway_http_response_bytes_total", Help: "Bytes of response bodies in the gateway's access logs.",
	}, []string{"service"})
	return newBounded(limits.Services, overflow.WithLabelValues("service"), func(name string) *service {
		return &service{bytes: bytes.WithLabelValues(name), create: func(method string) *requests {
			return &requests{
				byCode: newCounters(maxStatus-minStatus+2, func(i int) prometheus.Counter {
					return total.WithLabelValues(method, statusLabel(i), name)
				}),
				duration: durations.WithLabelValues(method, name),
			}
		}}
	})
}

// service returns the counters of the event's service: the label in the configuration, or what the record says.
func (m *Metrics) service(ev *event.Event) *service {
	if name := ev.Source.Labels["service"]; name != "" {
		return m.services.get(name)
	}
	return m.services.getBytes(ev.Fact(event.Service))
}

func (s *service) observe(ev *event.Event) {
	i := methodIndex(ev.Fact(event.HTTPMethod))
	r := s.methods[i].Load()
	if r == nil {
		// Two goroutines may come here at once: the vectors give both the same series.
		r = s.create(httpMethods[i])
		s.methods[i].Store(r)
	}
	r.byCode.at(statusIndex(ev.Status)).Inc()
	if ev.Duration >= 0 {
		r.duration.Observe(ev.Duration.Seconds())
	}
	if n, ok := parseCount(ev.Fact(event.BodyBytes)); ok {
		s.bytes.Add(float64(n))
	}
}

func methodIndex(method []byte) int {
	for i := 1; i < len(httpMethods); i++ {
		if string(method) == httpMethods[i] {
			return i
		}
	}
	return 0
}

func statusIndex(status int) int {
	if status < minStatus || status > maxStatus {
		return 0
	}
	return status - minStatus + 1
}

func statusLabel(index int) string {
	if index == 0 {
		return unknownValue
	}
	return strconv.Itoa(index - 1 + minStatus)
}

// parseCount reads a number of bytes without allocating. More digits than any response has are no count.
func parseCount(digits []byte) (n int64, ok bool) {
	if len(digits) == 0 || len(digits) > 15 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
