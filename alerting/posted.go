package alerting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/common/model"

	"gatewatch/internal/atomicfile"
)

// postedRetention is how long an alert that was posted is kept after its end: long enough for its end to be told.
const postedRetention = 15 * time.Minute

// postedAlerts are the alerts where Alertmanager's API puts what is posted to it. Unlike Alertmanager's own, they outlive the
// process: who posts an alert once, as amtool does, does not do so again.
type postedAlerts struct {
	*mem.Alerts
	file   string
	log    *slog.Logger
	unkept prometheus.Counter

	mu   sync.Mutex
	kept map[model.Fingerprint]*alert.Alert
}

// openPosted reads what was posted to the process before. A file that cannot be read costs these alerts, not the start.
func openPosted(file string, log *slog.Logger, reg prometheus.Registerer) *postedAlerts {
	p := &postedAlerts{
		file: file, log: log, kept: map[model.Fingerprint]*alert.Alert{},
		unkept: promauto.With(reg).NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_posted_alerts_unkept_total", Help: "Alerts posted to Alertmanager's API that a restart would lose, because there are too many or the disk refuses.",
		}),
	}
	var before []*alert.Alert
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &before)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("reading the alerts that were posted before the restart", "file", file, "err", err)
	}
	for _, a := range before {
		if a == nil || a.Validate() != nil {
			continue
		}
		p.kept[a.Fingerprint()] = a
	}
	return p
}

// saved returns what was posted to the process before, as others that fired.
func (p *postedAlerts) saved() (all []savedAlert) {
	for _, a := range p.kept {
		all = append(all, savedAlert{Labels: stringMap(a.Labels)})
	}
	return all
}

// resume hands the alerts of the process before to those of this one, when people are told here: ended ones, too, whose end
// nobody may have told.
func (p *postedAlerts) resume(ctx context.Context, into *mem.Alerts, here bool) error {
	p.Alerts = into
	if !here {
		return nil
	}
	return into.Put(ctx, slices.Collect(maps.Values(p.kept))...)
}

// Put takes alerts in. What it takes is on disk when it returns.
func (p *postedAlerts) Put(ctx context.Context, alerts ...*alert.Alert) error {
	if err := p.Alerts.Put(ctx, alerts...); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	old := time.Now().Add(-postedRetention)
	maps.DeleteFunc(p.kept, func(_ model.Fingerprint, a *alert.Alert) bool { return a.EndsAt.Before(old) })
	lost := 0
	for _, a := range alerts {
		key := a.Fingerprint()
		if p.kept[key] == nil && len(p.kept) >= maxPostedAlerts {
			lost++
			continue
		}
		p.kept[key] = a
	}
	if err := p.write(); err != nil {
		p.log.Warn("keeping posted alerts on disk, a restart would lose them", "err", err)
		lost = len(alerts)
	}
	p.unkept.Add(float64(lost))
	return nil
}

func (p *postedAlerts) write() error {
	text, err := json.Marshal(slices.Collect(maps.Values(p.kept)))
	if err != nil {
		return fmt.Errorf("write alerts: %w", err)
	}
	return atomicfile.Write(p.file, text, 0o640)
}
