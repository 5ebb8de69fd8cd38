package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/internal/atomicfile"
	"gatewatch/internal/quietlog"
)

const (
	// retention is how long ended silences are remembered, at least, maintenance how often the others are forgotten.
	retention   = 5 * 24 * time.Hour
	maintenance = 15 * time.Minute
	// maxSilences bounds the silences that are kept, ended ones too, and maxSilenceBytes the size of each.
	maxSilences     = 2000
	maxSilenceBytes = 16 << 10
)

// Silences are Alertmanager's silences, made to survive a crash: each change is on disk before its author is told.
type Silences struct {
	*silence.Silences
	file string
	log  *slog.Logger

	// saving orders the writing of the file.
	saving sync.Mutex
}

// OpenSilences reads the silences of the process before. A file that cannot be read must not keep the agent from
// telling alerts: it is set aside.
func OpenSilences(file string, log *slog.Logger, reg prometheus.Registerer) (*Silences, error) {
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
	return &Silences{Silences: all, file: file, log: log}, nil
}

func newSilences(snapshot []byte, log *slog.Logger) (*silence.Silences, error) {
	return silence.New(silence.Options{
		SnapshotReader: bytes.NewReader(snapshot), Retention: retention, Logger: quietlog.Warnings(log),
		Metrics: prometheus.NewRegistry(), EventRecorder: eventrecorder.NopRecorder(),
		Limits: silence.Limits{
			MaxSilences: func() int { return maxSilences }, MaxSilenceSizeBytes: func() int { return maxSilenceBytes },
		},
	})
}

// Save writes all silences down. One that cannot be written is in effect all the same, until a restart.
func (s *Silences) Save() {
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

// Maintain forgets old silences now and then until stop is closed.
func (s *Silences) Maintain(stop <-chan struct{}) {
	s.Maintenance(maintenance, s.file, stop, func() (int64, error) {
		_, err := s.GC()
		s.Save()
		return 0, err
	})
}

// Note keeps the silence with id and says in the log what became of it.
func (s *Silences) Note(ctx context.Context, id, what string) {
	s.Save()
	one, err := s.QueryOne(ctx, silence.QIDs(id))
	if err != nil {
		return
	}
	s.log.Info(what, "id", id, "made_by", one.CreatedBy, "until", one.EndsAt.AsTime(), "what", toSilence(one).What)
}
