package alerting

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/common/model"

	"gatewatch/alerting/receivers"
	"gatewatch/internal/invalid"
	"gatewatch/internal/retry"
	"gatewatch/internal/secret"
)

const (
	heartbeatTimeout  = 10 * time.Second
	heartbeatInterval = time.Minute
	// minHeartbeat is the shortest interval.
	minHeartbeat = 5 * time.Second
)

// HeartbeatConfig is alerting.heartbeat: an address outside that misses the agent when it is silent.
type HeartbeatConfig struct {
	// Address that is requested as long as rules are evaluated.
	URL secret.Secret `yaml:"url"`
	// How often.
	Interval model.Duration `yaml:"interval"`
	// GET or POST.
	Method string `yaml:"method"`
}

func (c *HeartbeatConfig) setDefaults() {
	if c.Interval == 0 {
		c.Interval = model.Duration(heartbeatInterval)
	}
	if c.Method == "" {
		c.Method = http.MethodGet
	}
}

func (c *HeartbeatConfig) validate() error {
	var m invalid.Mistakes
	if !receivers.WebAddress(c.URL.Reveal()) {
		// The value is a secret: the message must not repeat it.
		m.Add("url", "must be an http or https address")
	}
	if d := time.Duration(c.Interval); d < minHeartbeat {
		m.Add("interval", "must be at least %v, is %v", minHeartbeat, d)
	}
	if c.Method != http.MethodGet && c.Method != http.MethodPost {
		m.Add("method", "must be GET or POST, is %q", c.Method)
	}
	return m.Err()
}

// heartbeat shows somebody outside that rules are evaluated. When that stops, or the host does, it is silent.
type heartbeat struct {
	cfg    HeartbeatConfig
	client *http.Client
	// evaluated holds a token when rules were evaluated since it was last looked at.
	evaluated chan struct{}
	log       *slog.Logger
	last      prometheus.Gauge
	failed    prometheus.Counter
}

func newHeartbeat(cfg HeartbeatConfig, log *slog.Logger, reg prometheus.Registerer) *heartbeat {
	f := promauto.With(reg)
	return &heartbeat{
		cfg: cfg, client: &http.Client{Timeout: heartbeatTimeout}, evaluated: make(chan struct{}, 1), log: log,
		last: f.NewGauge(prometheus.GaugeOpts{
			Name: "gatewatch_heartbeat_last_success_timestamp_seconds", Help: "When the heartbeat was taken last.",
		}),
		failed: f.NewCounter(prometheus.CounterOpts{
			Name: "gatewatch_heartbeats_failed_total", Help: "Heartbeats that were not taken.",
		}),
	}
}

// tick says that rules were evaluated.
func (h *heartbeat) tick() {
	select {
	case h.evaluated <- struct{}{}:
	default:
	}
}

// run sends heartbeats until ctx ends. Each follows an evaluation that is later than the heartbeat before.
func (h *heartbeat) run(ctx context.Context) error {
	healthy := true
	for {
		select {
		case <-h.evaluated:
		case <-ctx.Done():
			return nil
		}
		err := h.beat(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			h.failed.Inc()
			if healthy {
				h.log.Warn("heartbeat not taken", "err", err)
			}
		default:
			h.last.SetToCurrentTime()
		}
		healthy = err == nil
		if !retry.Sleep(ctx, time.Duration(h.cfg.Interval)) {
			return nil
		}
		select {
		case <-h.evaluated: // it may be old
		default:
		}
	}
}

// beat makes one request. Its errors hold nothing of the address.
func (h *heartbeat) beat(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, h.cfg.Method, h.cfg.URL.Reveal(), nil)
	if err != nil {
		return errors.New("the address is wrong")
	}
	req.Header.Set("User-Agent", "Gatewatch")
	resp, err := h.client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the answer is %s", resp.Status)
	}
	return nil
}
