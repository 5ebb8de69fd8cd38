package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"gatewatch/internal/secret"
)

// relayRig is a relay whose clock is the test's, with fake members.
type relayRig struct {
	*Relay
	t      *testing.T
	direct []string
	log    strings.Builder
}

func newRelayRig(t *testing.T, members ...string) *relayRig {
	r := &relayRig{t: t}
	var addresses []secret.Secret
	for _, m := range members {
		addresses = append(addresses, secret.Secret(m))
	}
	r.Relay = New(Options{Members: addresses, Host: "pay-gw-01", Page: "http://page.example", Private: "lost_query", Direct: func(_ context.Context, a Alert) {
		r.direct = append(r.direct, fmt.Sprint(a.Labels["alertname"], " ", a.Ended.IsZero()))
	}}, slog.New(slog.NewTextHandler(&r.log, nil)), prometheus.NewRegistry())
	for _, m := range r.members {
		m.client.Timeout = time.Minute // on a busy machine the fakes take long
	}
	return r
}

// round has every member told once, and then looks for what waited for d when the round began.
func (r *relayRig) round(d time.Duration) (errs int) {
	began := time.Now()
	for _, m := range r.members {
		if r.tell(r.t.Context(), m) != nil {
			errs++
		}
	}
	r.tellDirectly(r.t.Context(), began.Add(d))
	return errs
}

// cluster takes alerts as Alertmanager does, unless status says otherwise.
func cluster(t *testing.T, status int, got *[]postedAlert) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var all []postedAlert
		if err := json.NewDecoder(req.Body).Decode(&all); err != nil || req.URL.Path != "/am/api/v2/alerts" || req.Method != http.MethodPost {
			status = http.StatusBadRequest
		}
		for _, a := range all {
			if a.Labels["alertname"] == "" || !a.StartsAt.Before(a.EndsAt) {
				status = http.StatusBadRequest
			}
		}
		if got != nil {
			*got = append(*got, all...)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/am/"
}

func firing(name string) Alert {
	return Alert{
		Labels: map[string]string{"alertname": name, "provider": "stripe"}, Since: time.Now().Add(-time.Hour),
		Annotations: map[string]string{"summary": "s", "lost_query": "sum(x)"},
	}
}

func TestRelayTellsAllMembers(t *testing.T) {
	t.Parallel()
	var one, two []postedAlert
	r := newRelayRig(t, cluster(t, 200, &one), cluster(t, 200, &two))
	if r.Put(firing("A")) {
		t.Error("Put() = true with a cluster that was not tried")
	}
	own := firing("B")
	own.Labels["host"] = "db-1"
	r.Put(own)
	if errs := r.round(time.Hour); errs > 0 || len(r.direct) > 0 {
		t.Errorf("%d errors, told here: %v, want none", errs, r.direct)
	}
	over := firing("A")
	over.Ended = time.Now()
	if !r.Put(over) {
		t.Error("Put() of the end = false, though the receivers here may know of the beginning from before a restart")
	}
	r.round(time.Hour)
	for _, got := range [][]postedAlert{one, two} {
		if len(got) != 4 {
			t.Fatalf("a member has %v, want four", got)
		}
		for _, a := range got[:2] {
			left := time.Until(a.EndsAt)
			if left < relayValid-time.Minute || left > relayValid || time.Since(a.StartsAt) > time.Minute || a.Annotations["lost_query"] != "" || a.Annotations["summary"] != "s" ||
				a.Labels["host"] != map[string]string{"A": "pay-gw-01", "B": "db-1"}[a.Labels["alertname"]] {
				t.Errorf("member has %+v", a)
			}
		}
		for _, a := range got[2:] {
			if ended := a.EndsAt.Before(time.Now()); ended != (a.Labels["alertname"] == "A") {
				t.Errorf("member has %+v", a)
			}
		}
	}
}

// TestRelayFallsBack has no member answer, and then one of two.
func TestRelayFallsBack(t *testing.T) {
	t.Parallel()
	var got []postedAlert
	bad := cluster(t, 503, nil)
	r := newRelayRig(t, strings.Replace(bad, "http://", "http://user:very-secret@", 1), "http://127.0.0.1:1")
	r.Put(firing("A"))
	r.round(relayPatience - time.Second)
	if len(r.direct) > 0 {
		t.Errorf("told here at once: %v", r.direct)
	}
	r.round(relayPatience)
	r.round(time.Hour)
	if fmt.Sprint(r.direct) != "[A true]" {
		t.Errorf("told here: %v, want A, once", r.direct)
	}
	over := firing("A")
	over.Ended = time.Now()
	if !r.Put(over) {
		t.Error("Put() of the end = false, though it was told here that A began")
	}
	if strings.Contains(r.log.String(), "very-secret") || strings.Count(r.log.String(), "does not take") != 2 {
		t.Errorf("log = %s", r.log.String())
	}
	r.members[1].address = secret.Secret(cluster(t, 200, &got))
	r.Put(firing("B"))
	r.round(time.Hour)
	if len(got) != 2 || len(r.direct) != 1 {
		t.Errorf("member has %v, told here: %v", got, r.direct)
	}
}

func TestRelayIsBounded(t *testing.T) {
	t.Parallel()
	var got []postedAlert
	r := newRelayRig(t, cluster(t, 200, &got))
	for i := range maxRelayed {
		if r.Put(firing(fmt.Sprint("A", i))) {
			t.Fatalf("Put() of alert %d = true", i)
		}
	}
	if !r.Put(firing("one more")) {
		t.Error("Put() beyond the bound = false, so nobody would be told")
	}
	if r.round(0); len(got) != maxRelayed {
		t.Errorf("member has %d alerts, want %d", len(got), maxRelayed)
	}
}

// TestRelayRuns starts the relay as the engine does.
func TestRelayRuns(t *testing.T) {
	t.Parallel()
	came := make(chan struct{}, 10)
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came <- struct{}{} }))
	defer s.Close()
	r := newRelayRig(t, s.URL)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.Put(firing("A"))
	<-came
	cancel()
	if err := <-done; err != nil {
		t.Errorf("run() = %v", err)
	}
}

// TestRelayFindsRefusedAlert has one bad alert among many: the others are taken, and it is told here.
func TestRelayFindsRefusedAlert(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	taken := map[string]bool{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var all []postedAlert
		err := json.NewDecoder(req.Body).Decode(&all)
		if err != nil || slices.ContainsFunc(all, func(a postedAlert) bool { return a.Labels["alertname"] == "bad" }) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, a := range all {
			taken[a.Labels["alertname"]] = true
		}
	}))
	defer s.Close()
	r := newRelayRig(t, s.URL)
	const good = 2*relayBatch + 7
	for i := range good {
		r.Put(firing(fmt.Sprint("A", i)))
	}
	r.Put(firing("bad"))
	if errs := r.round(relayHurry); errs > 0 || len(taken) != good || len(r.direct) > 0 {
		t.Errorf("%d errors, %d taken, told here: %v, want %d taken", errs, len(taken), r.direct, good)
	}
	r.round(time.Hour)
	r.round(time.Hour)
	if fmt.Sprint(r.direct) != "[bad true]" || r.members[0].failing || testutil.ToFloat64(r.refused) != 1 {
		t.Errorf("told here: %v, failing %v, want the bad one, once", r.direct, r.members[0].failing)
	}
	if n := strings.Count(r.log.String(), "refuses"); n != 1 || strings.Contains(r.log.String(), "does not take") {
		t.Errorf("log = %s", r.log.String())
	}
}

// TestRelayGoesOnAfterBatch has a member fail one batch of three.
func TestRelayGoesOnAfterBatch(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer s.Close()
	r := newRelayRig(t, s.URL)
	for i := range 3 * relayBatch {
		r.Put(firing(fmt.Sprint("A", i)))
	}
	if errs := r.round(time.Hour); errs != 1 || testutil.ToFloat64(r.relayed) != 2*relayBatch || len(r.direct) != relayBatch {
		t.Errorf("%d errors, %v relayed, %d told here, want %d relayed", errs, testutil.ToFloat64(r.relayed), len(r.direct), 2*relayBatch)
	}
}

// TestRelayAsksWithoutAlerts has the relay know how the members are before the first alert.
func TestRelayAsksWithoutAlerts(t *testing.T) {
	t.Parallel()
	r := newRelayRig(t, cluster(t, 200, nil), "http://127.0.0.1:1")
	if errs := r.round(time.Hour); errs > 0 {
		t.Errorf("%d errors, want none, which would make it ask often", errs)
	}
	for i, want := range []float64{1, 0} {
		if m := r.members[i]; testutil.ToFloat64(m.up) != want || m.failing != (want == 0) {
			t.Errorf("member %d: up %v, failing %v, want up %v", i, testutil.ToFloat64(m.up), m.failing, want)
		}
	}
}
