package gatewaysim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// noRotation keeps everything in one file.
var noRotation = Config{RotateSize: 1 << 40, RotateEvery: 1000 * time.Hour}

// epoch is where the clock of a synctest bubble begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// simulate runs the simulator for a while of its own time and returns the logs, the rotated parts first.
func simulate(t *testing.T, cfg Config, d time.Duration) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), d+tick/2) // not at the moment of a tick
		defer cancel()
		if err := Run(ctx, dir, cfg, slog.New(slog.NewTextHandler(io.Discard, nil))); err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	logs := map[string][]byte{}
	for _, name := range []string{NodeLog, JavaLog, AccessLog} {
		for _, part := range []string{".4", ".3", ".2", ".1", ""} {
			text, err := os.ReadFile(filepath.Join(dir, name+part))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			logs[name] = append(logs[name], text...)
		}
	}
	return logs
}

func TestLines(t *testing.T) {
	t.Parallel()
	cfg := noRotation
	cfg.IncidentAfter = 5 * time.Second
	logs := simulate(t, cfg, 30*time.Second)
	var (
		record = regexp.MustCompile(`^(2000-01-01|1999-12-31) \d\d:\d\d:\d\d\.\d{3} (DEBUG|INFO |WARN |ERROR) \[http-nio-9216-exec-\d+\] \[[\w.]+\] - `)
		inner  = regexp.MustCompile("^(【|    |\t|java\\.net\\.|com\\.wechat\\.)")
		access = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+ - - \[(01/Jan/2000|31/Dec/1999):\d\d:\d\d:\d\d [-+]\d{4}\] "(GET|POST) /\S+ HTTP/1\.1" \d{3} \d+ "-" "[^"]+" \d+\.\d{3} \d+\.\d{3}$`)
	)
	records := 0
	for name, text := range logs {
		if !bytes.HasSuffix(text, []byte("\n")) {
			t.Errorf("%s does not end with a whole line", name)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(line, "\n")
			ok := true
			switch name {
			case NodeLog:
				ok = json.Unmarshal([]byte(line), &pinoLine{}) == nil
				records++
			case JavaLog:
				ok = record.MatchString(line)
				if ok {
					records++
				}
				ok = ok || inner.MatchString(line)
			case AccessLog:
				ok = access.MatchString(line)
				records++
			}
			if !ok {
				t.Fatalf("%s has a line of another form: %q", name, line)
			}
		}
	}
	if rate := records / 30; rate < 200 || rate > 500 {
		t.Errorf("%d records a second, want a few hundred", rate)
	}
	for name, wants := range map[string][]string{
		NodeLog: {`"provider":"visa"`, `"provider":"stripe"`, `"provider":"paypal"`, `"card_number":"`, `"cvv":"`},
		JavaLog: {"ifCode=alipay", "ifCode=wxpay", "ifCode=unionpay", "【请求头信息】", "收到支付回调", "SocketTimeoutException", "cvn2="},
	} {
		for _, want := range wants {
			if !bytes.Contains(logs[name], []byte(want)) {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
}

// javaResult is the result of a payment in JavaLog.
type javaResult struct {
	second         int // of the simulation
	provider, code string
}

func javaResults(t *testing.T, text []byte) []javaResult {
	t.Helper()
	var found []javaResult
	for line := range strings.Lines(string(text)) {
		_, rest, ok := strings.Cut(line, " ifCode=")
		provider, rest, isResult := strings.Cut(rest, ", wayCode=")
		if !ok || !isResult {
			continue
		}
		_, rest, _ = strings.Cut(rest, " code=")
		code, _, _ := strings.Cut(rest, ",")
		at, err := time.ParseInLocation("2006-01-02 15:04:05.000", line[:23], time.Local)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, javaResult{int(at.Sub(epoch) / time.Second), provider, code})
	}
	return found
}

func TestHealthyShares(t *testing.T) {
	t.Parallel()
	cfg := noRotation
	cfg.IncidentAfter = -1
	logs := simulate(t, cfg, 45*time.Second)
	all, approvals := map[string]int{}, map[string]int{}
	for _, r := range javaResults(t, logs[JavaLog]) {
		all[r.provider]++
		switch r.code {
		case "10000", "SUCCESS", "00":
			approvals[r.provider]++
		}
	}
	for line := range bytes.Lines(logs[NodeLog]) {
		var l pinoLine
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		if l.Provider == "" {
			continue
		}
		all[l.Provider]++
		if l.Status == "succeeded" {
			approvals[l.Provider]++
		}
	}
	if len(all) != 7 {
		t.Errorf("providers are %v, want 7", all)
	}
	for p, n := range all {
		if share := 100 * approvals[p] / n; n < 150 || share < 90 || share > 98 {
			t.Errorf("%s approved %d of %d attempts (%d %%), want 90 to 98 %%", p, approvals[p], n, share)
		}
	}
}

func TestIncident(t *testing.T) {
	t.Parallel()
	var first, healed []time.Duration
	cfg := noRotation
	cfg.OnFirstFailure = func(at time.Time) { first = append(first, at.Sub(epoch)) }
	cfg.OnHealed = func(at time.Time) { healed = append(healed, at.Sub(epoch)) }
	logs := simulate(t, cfg, 2*time.Minute)

	if len(first) != 1 || first[0] < 30*time.Second || first[0] > 31*time.Second {
		t.Errorf("first failures at %v, want one just after 30s", first)
	}
	if len(healed) != 1 || healed[0] < 75*time.Second || healed[0] > 76*time.Second {
		t.Errorf("healed at %v, want once at 75s", healed)
	}
	var in, inFailed, out, outFailed, firstTimeout int
	for _, r := range javaResults(t, logs[JavaLog]) {
		bad := r.code == "SYSTEM_ERROR" || r.code == "TIMEOUT"
		switch {
		case r.provider != "wxpay":
			if bad {
				t.Errorf("%s answers %s", r.provider, r.code)
			}
		case r.second >= 30 && r.second < 75:
			in++
			if bad {
				inFailed++
			}
			if r.code == "TIMEOUT" && firstTimeout == 0 {
				firstTimeout = r.second
			}
		default:
			out++
			if bad {
				outFailed++
			}
		}
	}
	if in < 500 || inFailed*100 < in*70 {
		t.Errorf("in the incident %d of %d attempts failed, want most of them", inFailed, in)
	}
	if outFailed*100 > out {
		t.Errorf("outside of the incident %d of %d attempts failed, want less than 1 %%", outFailed, out)
	}
	if firstTimeout < 40 {
		t.Errorf("the first time-out is at second %d: nobody can have waited for 10s", firstTimeout)
	}
}

func TestRotationLosesNothing(t *testing.T) {
	t.Parallel()
	cfg := noRotation
	cfg.Seed = 7
	whole := simulate(t, cfg, 10*time.Second)
	rotating := cfg
	rotating.RotateSize = 150 << 10
	rotated := simulate(t, rotating, 10*time.Second)
	for name, want := range whole {
		if !bytes.Equal(rotated[name], want) {
			t.Errorf("%s with rotation differs: %d bytes, want %d", name, len(rotated[name]), len(want))
		}
	}
	cfg.RotateEvery = 3 * time.Second
	for name, want := range simulate(t, cfg, 10*time.Second) {
		if !bytes.Equal(want, whole[name]) {
			t.Errorf("%s with rotation by time differs", name)
		}
	}
	cfg.Seed = 8
	if bytes.Equal(simulate(t, cfg, 10*time.Second)[NodeLog], whole[NodeLog]) {
		t.Error("another seed gives the same log")
	}
}

func TestKeepsThreeRotatedFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second+tick/2)
		defer cancel()
		cfg := Config{RotateSize: 20 << 10}
		if err := Run(ctx, dir, cfg, slog.New(slog.DiscardHandler)); err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 3*4 {
		t.Errorf("%d files (%v), want 3 logs and 3 rotated files of each", len(files), err)
	}
}

func TestUnwritableFolder(t *testing.T) {
	t.Parallel()
	err := Run(t.Context(), filepath.Join(t.TempDir(), "missing"), Config{}, slog.New(slog.DiscardHandler))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Run in a missing folder = %v, want not exist", err)
	}
}
