package outbox

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/alerting/ledger"
	"gatewatch/alerting/receivers"
)

// hearer remembers the names of the alerts that it was told.
type hearer struct {
	mu   sync.Mutex
	told []string
}

func (h *hearer) Name() string { return "h" }

func (h *hearer) Send(_ context.Context, n receivers.Notice, _ time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, n.Alerts[0].Name)
	return nil
}

func (h *hearer) all() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.told, " ")
}

// TestFailedExchange has one receiver of two be exchanged and the other fail, and the first one fail when it is to be made as
// it was: both outboxes go on, and so they do when the next exchange works.
func TestFailedExchange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, dir := slog.New(slog.DiscardHandler), t.TempDir()
		told, err := ledger.Open(filepath.Join(dir, "nflog"), log)
		if err != nil {
			t.Fatal(err)
		}
		heard := map[string]*hearer{"a": {}, "b": {}}
		full := false
		station := func(name, settings string, err *bool) Station {
			return Station{Name: name, Settings: settings, Open: func(prometheus.Registerer) (receivers.Receiver, error) {
				if err != nil && *err {
					return nil, errors.New("disk full")
				}
				return heard[name], nil
			}}
		}
		always := true
		before := []Station{station("a", "1", &full), station("b", "1", &full)}
		room := NewRoom(dir, told, &muted{}, log, prometheus.NewRegistry())
		if err := room.Exchange(before); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- room.Run(ctx) }()
		synctest.Wait()
		tell := func(name string) {
			for _, box := range room.All() {
				box.add(receivers.Notice{Created: time.Now(), Told: receivers.Told{GroupKey: name}, Alerts: []receivers.Alert{{Name: name}}})
				box.wake <- struct{}{}
			}
			time.Sleep(10 * time.Second)
		}
		tell("one")
		full = true
		if err := room.Exchange([]Station{station("a", "2", nil), station("b", "2", &always), station("c", "2", nil)}); err == nil {
			t.Error("Exchange() = nil, want the error of b")
		}
		if n := len(room.All()); n != 2 || !room.Differs(before) {
			t.Errorf("%d receivers, as before: %v; want two, of which one could not be made as it was", n, !room.Differs(before))
		}
		tell("two")
		full = false
		if err := room.Exchange(before); err != nil || room.Differs(before) {
			t.Errorf("Exchange() = %v, want nil", err)
		}
		tell("three")
		for name, h := range heard {
			if got := h.all(); got != "one two three" {
				t.Errorf("%s was told %q, want one two three", name, got)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v, want nil", err)
		}
	})
}
