package journal

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// childVariable makes the test binary append to the journal in the folder it names, until it is killed.
const childVariable = "GATEWATCH_JOURNAL_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := appendUntilKilled(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func appendUntilKilled(dir string) error {
	r := rand.New(rand.NewPCG(rand.Uint64(), 9))
	cfg := config()
	cfg.MaxSize = segmentsKept * 32 << 10
	cfg.MaxSize *= 100 // nothing is dropped
	cfg.SyncEvery = []model.Duration{0, model.Duration(10 * time.Millisecond), model.Duration(time.Hour)}[r.IntN(3)]
	j, err := Open(dir, cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return err
	}
	fmt.Println("started")
	for {
		n := markedTo(j)
		size := 1 + r.IntN(20)
		if r.IntN(10) == 0 {
			size = 1000 // many pages: a kill may come in the middle of the write
		}
		if err := j.Append(batch(n, n+size)); err != nil {
			return err
		}
		if r.IntN(10) == 0 {
			retire(j)
			j.wakeSealer()
		}
	}
}

// TestKill kills a process that appends, with signal 9, many times. The journal then holds exactly the records before
// its mark, each once.
func TestKill(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts and kills processes for seconds")
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 4))
	dir := t.TempDir()
	kills := 0
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); kills++ {
		if kills%10 == 9 {
			dir = t.TempDir()
		}
		killOne(t, dir, time.Duration(r.Int64N(int64(40*time.Millisecond))))
		if err := checkMarked(dir); err != nil {
			t.Fatalf("seed %d, after %d kills: %v", seed, kills+1, err)
		}
	}
	t.Logf("killed %d times", kills)
}

func killOne(t *testing.T, dir string, after time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 200)
	n, _ := io.ReadAtLeast(out, said, len("started\n"))
	if string(said[:n]) != "started\n" {
		t.Errorf("child says %q, want started", said[:n])
	}
	time.Sleep(after) // the instant of the kill is what the test varies
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	cmd.Wait()
}
