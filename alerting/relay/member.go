package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/internal/secret"
)

// Member is one Alertmanager. The relay's mutex guards how it is doing.
type Member struct {
	address secret.Secret
	// Name is the host and port of its address.
	Name    string
	client  *http.Client
	wake    chan struct{}
	up      prometheus.Gauge
	failing bool
	since   time.Time // when it began to fail
	lastErr string
}

// Members returns the members at the addresses.
func Members(addresses []secret.Secret) []*Member {
	var all []*Member
	for _, address := range addresses {
		name := "?"
		if u, err := url.Parse(address.Reveal()); err == nil {
			name = u.Host
		}
		all = append(all, &Member{
			address: address, Name: name, client: &http.Client{Timeout: relayTimeout}, wake: make(chan struct{}, 1),
		})
	}
	return all
}

// Check asks the member whether it is there.
func (m *Member) Check(ctx context.Context) error {
	return m.post(ctx, http.MethodGet, "/api/v2/status", nil)
}

// post sends a request. Its errors hold nothing of the address but the host.
func (m *Member) post(ctx context.Context, method, path string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(m.address.Reveal(), "/")+path, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address is wrong")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Gatewatch")
	resp, err := m.client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return err
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
	if resp.StatusCode/100 != 2 {
		return &statusError{resp.StatusCode, fmt.Sprintf("%s: %q", resp.Status, text)}
	}
	return nil
}

// statusError is an answer that is no success.
type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string { return e.text }
