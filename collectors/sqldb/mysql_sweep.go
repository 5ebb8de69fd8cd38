package sqldb

import (
	"context"
	"time"

	"gatewatch/collectors/collect"
)

// The bounds of a sweep.
const (
	// sweepFor is about how long one collection goes on with a sweep; the next one goes on where it stopped.
	sweepFor = 400 * time.Millisecond
	// sweepMost and sweepLeast are how many tables one question is about. It is fewer where questions take long.
	sweepMost  = 200
	sweepLeast = 25
)

// sweeper is what is asked about all tables.
type sweeper interface {
	// begin begins a round anew. page asks about some tables, and end is called when there are no more.
	begin(ctx context.Context, link *mysqlLink) error
	page(ctx context.Context, link *mysqlLink, p tablePage) error
	end()
	// add gives what the last complete round found.
	add(out *collect.Samples)
}

// sweep asks about all tables a page at a time, over as many collections as that takes: a server of which one question
// about ten thousand tables takes seconds answers fifty about two hundred each.
type sweep struct {
	sweeper
	pages    tablePages
	most     int
	underway bool
}

// sweepPart is the part that begins a sweep so often.
func sweepPart(name string, every time.Duration, of sweeper) *mysqlPart {
	s := &sweep{sweeper: of, most: sweepMost}
	return &mysqlPart{Name: name, Every: every, More: func() bool { return s.underway },
		Ask: func(ctx context.Context, link *mysqlLink, out *collect.Samples) error {
			err := s.ask(ctx, link)
			s.add(out)
			return err
		}}
}

func (s *sweep) ask(ctx context.Context, link *mysqlLink) error {
	began := time.Now()
	if !s.underway {
		if err := s.begin(ctx, link); err != nil {
			return err
		}
		s.pages, s.underway = tablePages{}, true
	}
	for time.Since(began) < sweepFor {
		before, asked := s.pages, time.Now()
		page, err := s.pages.next(ctx, link, s.most)
		if err == nil && len(page.tables) == 0 {
			s.underway = false
			s.end()
			return nil
		}
		if err == nil {
			err = s.page(ctx, link, page)
		}
		if err != nil {
			// The same again about fewer tables; what even a few take too long for is left out of this round.
			if s.most > sweepLeast || !link.usable() {
				s.pages, s.most = before, max(s.most/4, sweepLeast)
			}
			return err
		}
		switch took := time.Since(asked); {
		case took > sweepFor:
			s.most = max(s.most/2, sweepLeast)
		case took < sweepFor/8:
			s.most = min(s.most*2, sweepMost)
		}
	}
	return nil
}
