package sqldb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gatewatch/collectors/collect"
)

// checkRunning finds what our own connection asks, so that nothing else is ended: not what it asks next, and nothing of
// somebody who has its number on another server behind the same address.
const checkRunning = `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ID = %s AND INFO LIKE 'CHECK TABLE%%'`

// endPatience is how long ending a check is tried. The servers look often whether they shall end.
const endPatience = 10 * time.Second

// askOrEnd asks a question that may take as long as the check of a table may, and ends it at the server when it takes longer
// or ctx ends. A server goes on with what nobody waits for any more, and MySQL has no time-out for CHECK TABLE.
func (c *tableCheck) askOrEnd(ctx context.Context, text string) (rowset, error) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout+endPatience)
	defer cancel()
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { c.endUnless(ctx, limited, done) })
	found, err := c.link.ask(limited, text)
	close(done)
	watching.Wait()
	if ctx.Err() != nil {
		return rowset{}, ctx.Err()
	}
	return found, err
}

// endUnless ends what the connection asks after the time for it, or when asked ends, unless it is done before.
func (c *tableCheck) endUnless(asked, limited context.Context, done <-chan struct{}) {
	limit := time.NewTimer(c.timeout + c.serverLead())
	defer limit.Stop()
	select {
	case <-done:
		return
	case <-asked.Done():
	case <-limit.C:
	}
	for {
		err := c.end(limited)
		if err == nil {
			return
		}
		select {
		case <-done:
			return
		case <-limited.Done():
			c.log.Warn("a check of a table goes on at the server, because it cannot be ended", "connection", c.id, "err", mysqlError(err, c.cfg))
			return
		case <-time.After(yieldEvery):
		}
	}
}

// serverLead is how much longer than the time for a check is waited where the server ends it by itself.
func (c *tableCheck) serverLead() time.Duration {
	if c.link.mariadb {
		return collect.PartTimeout / 2
	}
	return 0
}

// end has the server end what our connection asks, over a second one: that is how MySQL's clients do it, and users may do so
// with their own.
func (c *tableCheck) end(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, collect.PartTimeout)
	defer cancel()
	link, err := openMySQL(limited, c.connector)
	if err != nil {
		return err
	}
	defer link.close()
	running, err := link.ask(limited, fmt.Sprintf(checkRunning, c.id))
	if err != nil || len(running.rows) == 0 {
		return err
	}
	_, err = link.conn.ExecContext(limited, "KILL QUERY "+c.id)
	return err
}
