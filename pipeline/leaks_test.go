package pipeline

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"gatewatch/tail"
)

func TestCardDataIsCountedWhereItStands(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	parts := testParts(t)
	m := &memory{ids: map[string]bool{}, marks: map[string][]byte{}}
	parts.Metrics, parts.Journal = NewMetrics(reg), m
	path := filepath.Join(t.TempDir(), "pay.log")
	write(t, path, "2026-11-22 08:00:00.000 INFO [main] [c.j.Pay] - card 4111111111111111 cvv=123\n"+
		"2026-11-22 08:00:00.000 INFO [main] [c.j.Order] - password=x 411111******1111\n"+
		"2026-11-22 08:00:00.000 INFO [main] [c.j.Pay] - card 4242 4242 4242 4242\n")
	cfg := GroupConfig{Paths: []string{path}, Format: "logback"}
	cfg.SetDefaults()
	p, err := New(cfg, parts)
	if err != nil {
		t.Fatal(err)
	}
	g, err := tail.New(tail.Config{Globs: cfg.Paths, Host: "h"}, nil, parts.Log, tail.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx, p.Handle) }()
	await(t, m, 3)
	cancel()
	<-done
	want := fmt.Sprintf(`
# HELP payment_card_leaks_total Card numbers, security codes, tracks and PINs that stand in log files, by file and the logger that wrote them.
# TYPE payment_card_leaks_total counter
payment_card_leaks_total{logger="c.j.Pay",source=%q} 3
`, path)
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "payment_card_leaks_total"); err != nil {
		t.Error(err)
	}
}

func TestLeaksAreBounded(t *testing.T) {
	t.Parallel()
	l := newLeaks(prometheus.NewRegistry())
	for i := range maxLeaks + 5 {
		l.add("/var/log/pay.log", fmt.Append(nil, "logger-", i), 2)
	}
	l.add("/var/log/pay.log", []byte("logger-0"), 2)
	if n := testutil.CollectAndCount(l.total); n != maxLeaks+1 {
		t.Errorf("%d series, want %d", n, maxLeaks+1)
	}
	if n := testutil.ToFloat64(l.total.WithLabelValues("other", "other")); n != 10 {
		t.Errorf("other = %v, want 10", n)
	}
	if n := testutil.ToFloat64(l.dropped); n != 5 {
		t.Errorf("dropped = %v, want 5", n)
	}
	if n := testutil.ToFloat64(l.total.WithLabelValues("/var/log/pay.log", "logger-0")); n != 4 {
		t.Errorf("a known logger = %v, want 4", n)
	}
}

// TestQuietLeaksGiveWay shows that a new leak is named when there is no room, and that what leaked lately stays.
func TestQuietLeaksGiveWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLeaks(prometheus.NewRegistry())
		for i := range maxLeaks {
			l.add("/var/log/pay.log", fmt.Append(nil, "logger-", i), 1)
			time.Sleep(time.Second)
		}
		l.add("/var/log/pay.log", []byte("logger-0"), 1)
		l.add("/var/log/new.log", []byte("new"), 3)
		if n := testutil.ToFloat64(l.total.WithLabelValues("/var/log/new.log", "new")); n != 3 {
			t.Errorf("the new leak = %v, want 3", n)
		}
		if n := testutil.CollectAndCount(l.total); n != maxLeaks {
			t.Errorf("%d series, want %d", n, maxLeaks)
		}
		if n := testutil.ToFloat64(l.total.WithLabelValues("/var/log/pay.log", "logger-0")); n != 2 {
			t.Errorf("the pair that leaked again = %v, want 2", n)
		}
		if n := testutil.ToFloat64(l.total.WithLabelValues("/var/log/pay.log", "logger-1")); n != 0 {
			t.Errorf("the longest-quiet pair = %v, want that it is gone", n)
		}
		if dropped, released := testutil.ToFloat64(l.dropped), testutil.ToFloat64(l.released); dropped != 0 || released != 1 {
			t.Errorf("dropped %v and released %v, want 0 and 1", dropped, released)
		}
	})
}

// TestLeaksOfOddNames has a file's name in GBK, which is no label as it stands.
func TestLeaksOfOddNames(t *testing.T) {
	t.Parallel()
	l := newLeaks(prometheus.NewRegistry())
	l.add("/var/log/\xd6\xd0.log", []byte("\xd6"), 1)
	if got := testutil.ToFloat64(l.total.WithLabelValues("/var/log/\uFFFD.log", "unknown")); got != 1 {
		t.Errorf("counted %v times, want once", got)
	}
}
