package backups

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// TestBackupFilesVanish lists folders in which files come and go all the time, as where a backup is written and another one
// pruned: that is no error.
func TestBackupFilesVanish(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	full := filepath.Join(dir, "full")
	stop := make(chan struct{})
	var churn sync.WaitGroup
	churn.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			below := filepath.Join(full, fmt.Sprint("db", i%200))
			if err := os.MkdirAll(below, 0o700); err != nil {
				t.Error(err)
				return
			}
			collecttest.Write(t, below, "orders.ibd", "x")
			if err := os.RemoveAll(filepath.Join(full, fmt.Sprint("db", (i+1)%200))); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer churn.Wait()
	defer close(stop)
	if err := os.MkdirAll(full, 0o700); err != nil {
		t.Fatal(err)
	}
	collecttest.Write(t, full, "xtrabackup_info", "end_time = "+time.Now().Add(-time.Hour).Format(time.DateTime))
	collector := backupCollectors(t, Config{Kind: "xtrabackup", Paths: []string{filepath.Join(dir, "*")}})[0]
	for range 150 {
		if err := collector.Collect(t.Context(), &collect.Samples{}); err != nil {
			t.Fatal(err)
		}
	}
}
