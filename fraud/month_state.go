package fraud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"gatewatch/internal/atomicfile"
)

const (
	// saveEvery is how often the months are saved: what a crash can cost.
	saveEvery = time.Minute
	// maxState bounds the file that is read.
	maxState = 64 << 20
	// stateVersion is what this program writes, and the highest that it reads.
	stateVersion = 1
	// damaged is what the name of a file that cannot be read gets at its end.
	damaged = ".damaged"
)

// savedMonths is the file: JSON. Nothing in it names a customer or a card.
type savedMonths struct {
	Version  int                    `json:"version"`
	Since    time.Time              `json:"since"`
	Accounts []savedAccount         `json:"accounts"`
	Sums     []savedSum             `json:"sums"`
	Cases    map[uint64]int         `json:"cases"`
	Refunds  map[string]*refundWeek `json:"refunds"`
}

type savedAccount struct {
	Month    int    `json:"month"`
	Provider string `json:"provider"`
	Merchant string `json:"merchant,omitempty"`
	Scheme   scheme `json:"scheme"`
	Counts   counts `json:"counts"`
}

type savedSum struct {
	Month    int    `json:"month"`
	Provider string `json:"provider"`
	Merchant string `json:"merchant,omitempty"`
	Currency string `json:"currency,omitempty"`
	Kind     kind   `json:"kind"`
	Amount   int64  `json:"amount"`
}

// load takes up the months on disk. A file that cannot be read is set aside, and counting begins anew.
func (w *Watch) load() {
	if w.path == "" {
		return
	}
	saved, err := readMonths(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		aside := w.path + damaged
		if renamed := os.Rename(w.path, aside); renamed != nil {
			err, aside = errors.Join(err, renamed), ""
		}
		w.log.Error("payments, refunds and chargebacks of the month are counted anew: their file cannot be read", "err", err, "set_aside", aside)
		return
	}
	m := w.months
	m.since = saved.Since
	for _, s := range saved.Accounts {
		counted := s.Counts
		m.accounts[account{s.Month, s.Provider, s.Merchant, s.Scheme}] = &counted
	}
	for _, s := range saved.Sums {
		m.sums[sum{s.Month, s.Provider, s.Merchant, s.Currency, s.Kind}] = s.Amount
	}
	if saved.Cases != nil {
		m.cases = saved.Cases
	}
	for provider, week := range saved.Refunds {
		if week != nil {
			m.refunded[provider] = week
		}
	}
}

func readMonths(path string) (*savedMonths, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxState {
		return nil, fmt.Errorf("read %s: longer than %d bytes", path, maxState)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var saved savedMonths
	if err := json.Unmarshal(data, &saved); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if saved.Version > stateVersion {
		return nil, fmt.Errorf("read %s: of version %d, want %d or lower", path, saved.Version, stateVersion)
	}
	for i := range saved.Sums {
		if saved.Sums[i].Kind >= kinds {
			return nil, fmt.Errorf("read %s: kind %d is not known", path, saved.Sums[i].Kind)
		}
	}
	return &saved, nil
}

// save writes the months to disk when something has changed.
func (w *Watch) save() {
	if w.path == "" {
		return
	}
	w.mu.Lock()
	if !w.months.changed {
		w.mu.Unlock()
		return
	}
	w.months.changed = false
	data, err := json.Marshal(w.months.saved())
	w.mu.Unlock()
	if err == nil {
		err = atomicfile.Write(w.path, data, 0o600)
	}
	if err == nil {
		return
	}
	w.mu.Lock()
	w.months.changed = true
	w.mu.Unlock()
	w.metrics.unsaved.Inc()
	w.log.Error("payments, refunds and chargebacks of the month are not saved", "err", err, "again", saveEvery)
}

func (m *months) saved() *savedMonths {
	saved := &savedMonths{Version: stateVersion, Since: m.since, Cases: m.cases, Refunds: m.refunded}
	for a, c := range m.accounts {
		saved.Accounts = append(saved.Accounts, savedAccount{a.month, a.provider, a.merchant, a.scheme, *c})
	}
	for s, amount := range m.sums {
		saved.Sums = append(saved.Sums, savedSum{s.month, s.provider, s.merchant, s.currency, s.kind, amount})
	}
	return saved
}
