package detect

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"time"

	"gatewatch/internal/atomicfile"
)

// stateHeader begins the file; a checksum of four bytes follows it, then the state as gob.
const stateHeader = "gatewatch detect 1\n"

// maxState bounds the file that is read.
const maxState = 512 << 20

// savedSeries is one series on disk. A series whose watch asks for something else by now is learnt anew.
type savedSeries struct {
	Watch  Watch
	Labels map[string]string
	At     time.Time
	State  state
}

// load takes up the state on disk. A file that cannot be read is set aside, and everything learnt anew.
func (w *Watcher) load() {
	if w.path == "" {
		return
	}
	saved, err := readState(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		w.metrics.setAside.Inc()
		aside := w.path + ".damaged"
		w.log.Error("what is usual is learnt anew", "err", err, "kept_in", aside)
		if err := os.Rename(w.path, aside); err != nil {
			w.log.Error("damaged file cannot be set aside", "err", err)
		}
		return
	}
	watches := map[Watch]*Watch{}
	for i := range w.cfg.Watches {
		watches[w.cfg.Watches[i]] = &w.cfg.Watches[i]
	}
	for _, s := range saved {
		watch := watches[s.Watch]
		d := &Detector{kind: s.Watch.Kind, limit: w.cfg.Limit, state: s.State}
		if watch == nil || len(w.series) >= w.cfg.MaxSeries || !d.sound() {
			continue
		}
		w.series[keyOf(watch.Name, s.Labels)] = &watched{watch: watch, labels: s.Labels, Detector: d, at: s.At}
	}
}

// sound tells whether the state has the shape that the detector relies on.
func (d *Detector) sound() bool {
	p, r := &d.Profile, &d.Recent
	ok := len(d.Tails) == d.tails() && len(p.Values) == len(p.Weights) && (len(p.Values) == profileHours || p.Values == nil) && p.Latest >= 0 &&
		len(p.Open) <= hourMost && len(r.Values) <= recentLength && len(d.Surprises) <= onsetSpan &&
		(d.kind != Rate || len(r.Weights) == len(r.Values))
	for _, t := range d.Tails {
		for _, side := range []peaks{t.Lower, t.Upper} {
			ok = ok && len(side.Values) == len(side.At) && len(side.Values) <= tailMost+1
		}
	}
	return ok
}

func readState(path string) (saved []savedSeries, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxState {
		return nil, fmt.Errorf("read %s: longer than %d bytes", path, int64(maxState))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(data, []byte(stateHeader))
	if !ok || len(rest) < 4 || binary.BigEndian.Uint32(rest) != crc32.ChecksumIEEE(rest[4:]) {
		return nil, fmt.Errorf("read %s: not whole, or of another version", path)
	}
	if err := gob.NewDecoder(bytes.NewReader(rest[4:])).Decode(&saved); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return saved, nil
}

// save writes the state to disk.
func (w *Watcher) save() error {
	if w.path == "" {
		return nil
	}
	var b bytes.Buffer
	b.WriteString(stateHeader)
	b.Write(make([]byte, 4))
	w.mu.Lock()
	saved := make([]savedSeries, 0, len(w.series))
	for _, s := range w.series {
		saved = append(saved, savedSeries{*s.watch, s.labels, s.at, s.state})
	}
	err := gob.NewEncoder(&b).Encode(saved)
	w.mu.Unlock()
	if err == nil {
		data := b.Bytes()
		body := data[len(stateHeader)+4:]
		binary.BigEndian.PutUint32(data[len(stateHeader):], crc32.ChecksumIEEE(body))
		err = atomicfile.Write(w.path, data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("save what is usual: %w", err)
	}
	return nil
}
