package intents

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/klauspost/compress/zstd"

	"gatewatch/internal/atomicfile"
)

const (
	// saveEvery is how often the state is saved: what a crash can cost.
	saveEvery = time.Minute
	// maxState bounds the file that is read, maxUnpacked what it may hold.
	maxState    = 256 << 20
	maxUnpacked = 1 << 30
	// stateVersion is what this program writes, and the highest that it reads.
	stateVersion = 1
	// damaged is what the name of a file that cannot be read gets at its end.
	damaged = ".damaged"
)

// savedState is the file: JSON, compressed with zstd.
type savedState struct {
	Version int `json:"version"`

	Since    time.Time      `json:"since"`
	Orders   []savedOrder   `json:"orders"` // the one not seen for longest first
	Findings []Finding      `json:"findings"`
	Cards    []heldCard     `json:"cards"`    // the one not declined for longest first
	Payments []savedPayment `json:"payments"` // the oldest first
	Young    []savedSlot    `json:"young"`
	// YoungAfter is the stuck_after that Young was made with.
	YoungAfter time.Duration `json:"young_after"`
}

type savedOrder struct {
	order
	Key    string    `json:"key"`
	Seen   time.Time `json:"seen"`
	Told   bool      `json:"told,omitempty"`
	Stored string    `json:"stored,omitempty"`
}

type savedPayment struct {
	Customer    string `json:"customer"`
	Card        string `json:"card"`
	Merchant    string `json:"merchant,omitempty"`
	Currency    string `json:"currency,omitempty"`
	Amount      int64  `json:"amount"`
	Order       string `json:"order"`
	Transaction string `json:"transaction,omitempty"`
	At          int64  `json:"at"`
}

type savedSlot struct {
	agedSlot
	Attempts int
}

// load takes up the state on disk. A file that cannot be read is set aside, and the state begins anew.
func (t *Tracker) load() {
	if t.path == "" {
		return
	}
	saved, err := readState(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		aside := t.path + damaged
		if renamed := os.Rename(t.path, aside); renamed != nil {
			err, aside = errors.Join(err, renamed), ""
		}
		t.log.Error("orders, findings and declined cards from before are not known: their file cannot be read", "err", err, "set_aside", aside)
		return
	}
	t.since = saved.Since
	for _, f := range saved.Findings {
		t.findings.add(f)
	}
	var out effects
	t.orders.restore(saved, &out)
	t.cards.restore(saved.Cards)
	if saved.YoungAfter == t.aged.after {
		t.aged.restore(saved.Young)
	}
	t.note(&out)
}

func readState(path string) (*savedState, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxState {
		return nil, fmt.Errorf("read %s: longer than %d bytes", path, int64(maxState))
	}
	packed, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		return nil, err
	}
	defer unpack.Close()
	data, err := unpack.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	var saved savedState
	if err := json.Unmarshal(data, &saved); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if saved.Version > stateVersion {
		return nil, fmt.Errorf("read %s: of version %d, want %d or lower", path, saved.Version, stateVersion)
	}
	return &saved, nil
}

// save writes the state to disk when something has changed.
func (t *Tracker) save() {
	if t.path == "" || !t.changed.Swap(false) {
		return
	}
	if err := writeState(t.path, t.state()); err != nil {
		t.changed.Store(true)
		t.metrics.unsaved.Inc()
		t.log.Error("orders, findings and declined cards are not saved", "err", err, "again", saveEvery)
	}
}

func writeState(path string, saved *savedState) error {
	data, err := json.Marshal(saved)
	if err != nil {
		return err
	}
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	return errors.Join(atomicfile.Write(path, pack.EncodeAll(data, nil), 0o600), pack.Close())
}

// state copies what is to be saved.
func (t *Tracker) state() *savedState {
	saved := &savedState{Version: stateVersion, Since: t.since, Findings: t.findings.all(), Cards: t.cards.all(), Young: t.aged.all(), YoungAfter: t.aged.after}
	t.orders.copyTo(saved)
	return saved
}
