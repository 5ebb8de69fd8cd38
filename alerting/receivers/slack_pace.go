package receivers

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"gatewatch/internal/retry"
)

const (
	// openSpacing is the least time between two connections, and maxOpenSpacing the most. It doubles while connections
	// live for less than steady: the library connects again at once when Slack ends one, and Slack ends all that are too
	// many at once.
	openSpacing    = time.Second
	maxOpenSpacing = 2 * time.Minute
	steady         = time.Minute
)

// pacedOpens lets requests for a connection through one by one, ever more seldom while they follow each other.
type pacedOpens struct {
	next http.RoundTripper

	mu      sync.Mutex
	last    time.Time
	spacing time.Duration
}

func (p *pacedOpens) RoundTrip(r *http.Request) (*http.Response, error) {
	if !p.wait(r.Context()) {
		return nil, context.Cause(r.Context())
	}
	ctx, cancel := context.WithTimeout(r.Context(), slackTimeout)
	resp, err := p.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &cancelBody{resp.Body, cancel}
	return resp, nil
}

// wait waits for the turn of a request. It returns false when ctx ended before.
func (p *pacedOpens) wait(ctx context.Context) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	since := time.Since(p.last)
	if p.last.IsZero() || since > max(steady, 2*p.spacing) {
		p.spacing = 0
	}
	ok := retry.Sleep(ctx, p.spacing-since)
	p.last = time.Now()
	p.spacing = min(max(2*p.spacing, openSpacing), maxOpenSpacing)
	return ok
}

// cancelBody ends the timeout of a request with its body.
type cancelBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *cancelBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
