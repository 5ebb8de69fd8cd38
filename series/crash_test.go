package series_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/internal/servicetest"
	"gatewatch/series"
)

// childDir makes the test binary a process that fills a store in this folder until it is killed.
const childDir = "GATEWATCH_TEST_SERIES_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := fill(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// fill samples a gauge that counts up, and says which values are stored.
func fill(dir string) error {
	reg := prometheus.NewRegistry()
	g := promauto.With(reg).NewGauge(prometheus.GaugeOpts{Name: "g"})
	s, err := series.Open(dir, series.DefaultConfig(), reg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	start := time.Now().Add(-time.Hour)
	for i := 1; ; i++ {
		g.Set(float64(i))
		ts := start.Add(time.Duration(i) * time.Second)
		if err := s.Sample(context.Background(), ts); err != nil {
			return err
		}
		fmt.Println(i, ts.UnixMilli())
	}
}

func TestKilled(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "series"), app: prometheus.NewRegistry(), log: &strings.Builder{}}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+b.dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	last := ""
	for n := 0; lines.Scan(); n++ {
		if n == 300 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		if strings.Count(lines.Text(), " ") == 1 && len(lines.Text()) >= len(last) {
			last = lines.Text() // the last line may be cut off
		}
	}
	cmd.Wait()
	value, at, _ := strings.Cut(last, " ")
	want, err := strconv.Atoi(value)
	ms, err2 := strconv.ParseInt(at, 10, 64)
	if err != nil || err2 != nil {
		t.Fatalf("the process said %q last", last)
	}
	b.reopen(nil)
	defer b.Close()
	b.ts = time.UnixMilli(ms)
	b.want("g", float64(want))
	b.want("count_over_time(g[2h])", float64(want))
	if strings.Contains(b.log.String(), "set aside") {
		t.Errorf("store was set aside:\n%s", b.log)
	}
}

// TestFullDisk fills a small file system under the store.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	root := servicetest.SmallDisk(t, 80)
	b := &bench{t: t, dir: filepath.Join(root, "series"), app: prometheus.NewRegistry(), log: &strings.Builder{}, ts: time.Now()}
	t.Cleanup(func() { b.Close() })
	g := promauto.With(b.app).NewGauge(prometheus.GaugeOpts{Name: "g"})
	b.reopen(nil)
	b.sample()
	ballast := filepath.Join(root, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 70<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	g.Set(1)
	b.sample()
	b.want("g", 1)
	b.want("g offset 5s", math.NaN()) // what is on the full disk is out of reach
	b.Close()
	b.reopen(nil)
	b.sample()
	b.want("g", 1)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	b.sample()
	b.sample()
	b.want("g", 1)
	b.want("g offset 15s", 0)
	if got := b.log.String(); strings.Count(got, "disk is full") != 2 || strings.Count(got, "disk has space again") != 1 {
		t.Errorf("log does not tell of the full disk:\n%s", got)
	}
}
