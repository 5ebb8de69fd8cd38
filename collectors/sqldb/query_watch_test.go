package sqldb

import (
	"cmp"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/secret"
)

// watch returns a collector of the database at dsn, called main. A timeout of 0 is one that is not reached.
func watch[C any](t *testing.T, make func(DatabaseConfig, collect.Env) (*collect.Server[C], error), dsn string, timeout time.Duration) *collecttest.Watched {
	t.Helper()
	w := collecttest.NewWatched()
	timeout = cmp.Or(timeout, time.Minute)
	d := DatabaseConfig{DSNConfig: collect.DSNConfig{ServerConfig: collect.ServerConfig{Name: "main", Timeout: model.Duration(timeout)}, DSN: secret.Secret(dsn)}}
	d.SetDefaults()
	s, err := make(d, collect.Env{Log: slog.New(slog.NewTextHandler(w.Log, nil)), Notes: w})
	if err != nil {
		t.Fatal(err)
	}
	collecttest.Serve(t, w, s)
	return w
}
