package sqldb

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/collectors/collect"
)

// yieldEvery is how often a long question looks whether somebody waits for it.
const yieldEvery = time.Second

// yieldAsked finds sessions that wait for a lock which a statement of our user holds. The pids are asked of the server
// each time: behind PgBouncer, what our connections know is no pid of a server.
const yieldAsked = `SELECT 1 FROM pg_locks w WHERE NOT w.granted AND EXISTS (SELECT FROM pg_stat_activity a
	WHERE a.usename = current_user AND a.state = 'active' AND a.pid <> pg_backend_pid() AND a.pid = ANY (pg_blocking_pids(w.pid))) LIMIT 1`

// yielding asks long questions and gives way: a question that reads a table holds a lock which is in the way of ALTER
// TABLE alone, but behind that one every payment waits. It has a second connection, on which it looks.
type yielding struct {
	cfg         *pgconn.Config
	conn, watch *pgconn.PgConn
}

func (y *yielding) open(ctx context.Context) (err error) {
	if y.conn, err = pgconn.ConnectConfig(ctx, y.cfg); err != nil {
		return postgresError(err, y.cfg)
	}
	if y.watch, err = pgconn.ConnectConfig(ctx, y.cfg); err != nil {
		closePostgres(y.conn)
		return postgresError(err, y.cfg)
	}
	return nil
}

func (y *yielding) close() {
	closePostgres(y.conn)
	closePostgres(y.watch)
}

// ask is askPostgresFor. It returns skippedError{"lock"} when somebody held a lock that it needs, or waited for its own,
// and skippedError{"time"} when limit did not suffice or a standby had to end it.
func (y *yielding) ask(ctx context.Context, limit time.Duration, text string) (rowset, error) {
	limited, cancel := context.WithTimeout(ctx, limit+collect.PartTimeout)
	defer cancel()
	var gave atomic.Bool
	var looking sync.WaitGroup
	done := make(chan struct{})
	looking.Go(func() { y.look(limited, done, &gave) })
	found, err := askPostgresFor(limited, y.conn, limit, text)
	close(done)
	looking.Wait()
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return found, err
	}
	switch refused.Code {
	case "55P03":
		return rowset{}, skippedError{"lock"}
	case "57014", "40001":
		if gave.Load() {
			return rowset{}, skippedError{"lock"}
		}
		return rowset{}, skippedError{"time"}
	}
	return rowset{}, err
}

// look ends what conn asks as soon as somebody waits for it, or when it cannot see whether anybody does.
func (y *yielding) look(ctx context.Context, done <-chan struct{}, gave *atomic.Bool) {
	tick := time.NewTicker(yieldEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		waiting, err := askPostgres(ctx, y.watch, yieldAsked)
		if err == nil && len(waiting.rows) == 0 {
			continue
		}
		gave.Store(true)
		if err := y.conn.CancelRequest(ctx); err == nil || y.watch.IsClosed() {
			return
		}
	}
}
