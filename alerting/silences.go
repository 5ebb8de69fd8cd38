package alerting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"gatewatch/internal/atomicfile"
	"gatewatch/internal/quietlog"
)

const (
	// maxSilences bounds the silences that are kept, ended ones too, and maxSilenceBytes the size of each.
	maxSilences     = 2000
	maxSilenceBytes = 16 << 10
)

// Silence is a silence that is in effect: it keeps alerts from being told.
type Silence struct {
	// ID names it for Expire and in Alertmanager's API.
	ID string
	// By and Comment are who made it, and why, in that person's words.
	By, Comment  string
	Starts, Ends time.Time
}

// silences are Alertmanager's silences, made to survive a crash: each change is on disk before its author is told.
type silences struct {
	*silence.Silences
	file string
	log  *slog.Logger

	// saving orders the writing of the file.
	saving sync.Mutex
}

// openSilences reads the silences of the process before. A file that cannot be read must not keep the agent from
// telling alerts: it is set aside.
func openSilences(file string, log *slog.Logger, reg prometheus.Registerer) (*silences, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read silences: %w", err)
	}
	all, err := newSilences(text, log)
	if err != nil {
		log.Error("silences are damaged and set aside, alerts are told again", "file", file+".damaged", "err", err)
		if err := os.Rename(file, file+".damaged"); err != nil {
			return nil, fmt.Errorf("set silences aside: %w", err)
		}
		all, err = newSilences(nil, log)
	}
	if err != nil {
		return nil, fmt.Errorf("read silences: %w", err)
	}
	promauto.With(reg).NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gatewatch_silences", Help: "Silences that are in effect.",
	}, func() float64 {
		n, _ := all.CountState(context.Background(), silence.SilenceStateActive)
		return float64(n)
	})
	return &silences{Silences: all, file: file, log: log}, nil
}

func newSilences(snapshot []byte, log *slog.Logger) (*silence.Silences, error) {
	return silence.New(silence.Options{
		SnapshotReader: bytes.NewReader(snapshot), Retention: stateRetention, Logger: quietlog.Warnings(log),
		Metrics: prometheus.NewRegistry(), EventRecorder: eventrecorder.NopRecorder(),
		Limits: silence.Limits{
			MaxSilences: func() int { return maxSilences }, MaxSilenceSizeBytes: func() int { return maxSilenceBytes },
		},
	})
}

// save writes all silences down. One that cannot be written is in effect all the same, until a restart.
func (s *silences) save() {
	s.saving.Lock()
	defer s.saving.Unlock()
	text, err := s.MarshalBinary()
	if err == nil {
		err = atomicfile.Write(s.file, text, 0o640)
	}
	if err != nil {
		s.log.Warn("writing silences, a restart would lose the last changes", "err", err)
	}
}

// maintain forgets old silences now and then until stop is closed.
func (s *silences) maintain(stop <-chan struct{}) {
	s.Maintenance(stateMaintenance, s.file, stop, func() (int64, error) {
		_, err := s.GC()
		s.save()
		return 0, err
	})
}

// note keeps the silence with id and says in the log what became of it.
func (s *silences) note(ctx context.Context, id, what string) {
	s.save()
	one, err := s.QueryOne(ctx, silence.QIDs(id))
	if err != nil {
		return
	}
	s.log.Info(what, "id", id, "made_by", one.CreatedBy, "until", one.EndsAt.AsTime(), "what", toSilence(one).What)
}

// Silence keeps the alert with these labels, and no other, from being told until ends. by and comment are shown to
// people; by must not be empty. It returns the id of the silence.
func (e *Engine) Silence(ctx context.Context, labels map[string]string, by, comment string, ends time.Time) (id string, err error) {
	if err := e.toldElsewhere(); err != nil {
		return "", err
	}
	set := &silencepb.MatcherSet{}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		set.Matchers = append(set.Matchers, &silencepb.Matcher{Type: silencepb.Matcher_EQUAL, Name: name, Pattern: labels[name]})
	}
	one := &silencepb.Silence{
		MatcherSets: []*silencepb.MatcherSet{set}, StartsAt: timestamppb.Now(), EndsAt: timestamppb.New(ends),
		CreatedBy: by, Comment: comment,
	}
	if by == "" {
		return "", errors.New("silence: who makes it is missing")
	}
	if err := e.dispatch.silences.Set(ctx, one); err != nil {
		return "", fmt.Errorf("silence: %w", err)
	}
	e.dispatch.silences.note(ctx, one.Id, "silence made")
	return one.Id, nil
}

// Expire ends the silence with id now. One that is over already is no error.
func (e *Engine) Expire(ctx context.Context, id string) error {
	if err := e.dispatch.silences.Expire(ctx, id); err != nil {
		return fmt.Errorf("expire silence %s: %w", id, err)
	}
	e.dispatch.silences.note(ctx, id, "silence ended")
	return nil
}

// Silences returns the silences in effect for an alert with these labels, the one that lasts longest first.
func (e *Engine) Silences(ctx context.Context, labels map[string]string) []Silence {
	found, _, err := e.dispatch.silences.Query(ctx, silence.QState(silence.SilenceStateActive), silence.QMatches(labelSet(labels)))
	if err != nil {
		e.log.Error("looking for silences", "err", err)
		return nil
	}
	all := make([]Silence, 0, len(found))
	for _, one := range found {
		all = append(all, Silence{
			ID: one.Id, By: one.CreatedBy, Comment: one.Comment, Starts: one.StartsAt.AsTime(), Ends: one.EndsAt.AsTime(),
		})
	}
	slices.SortFunc(all, func(a, b Silence) int { return b.Ends.Compare(a.Ends) })
	return all
}

// errToldElsewhere is wrapped by the errors of what has no effect here, because Alertmanagers tell people.
var errToldElsewhere = errors.New("alerting.alertmanagers tell people of this agent's alerts, not the agent")

// toldElsewhere says that a silence would have no effect here, and where it has one.
func (e *Engine) toldElsewhere() error {
	if e.relay == nil {
		return nil
	}
	return fmt.Errorf("%w: do it at %s", errToldElsewhere, e.relay.Names())
}
