package intents

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
)

const (
	// sweepEvery is how often orders are looked through for those whose time is over.
	sweepEvery = 5 * time.Second
	// maxQueue bounds what waits for Redis, maxBatch what is asked of it at once.
	maxQueue = 20000
	maxBatch = 200
	// redisPause is how long Redis is left alone after it did not answer.
	redisPause = 30 * time.Second
	// drainTime is how long the end of the agent waits for Redis.
	drainTime = 3 * time.Second
)

// Tracker follows orders through the records of all logs. Safe for concurrent use.
type Tracker struct {
	orders   *memory
	metrics  *metrics
	aged     *aged
	cards    *cards
	findings findings
	now      func() time.Time
	log      *slog.Logger
	// path is the file that the state is kept in, "" for none; changed says that the file is not up to date.
	path    string
	changed atomic.Bool
	// since is from when on orders are known without a gap; owned by the one who sweeps.
	since time.Time

	// Only with Redis: orders then are copies of what this host changed last.
	shared *shared
	queue  chan *observation
	// pause is until when Redis is left alone after it did not answer, in nanoseconds since 1970.
	pause atomic.Int64
}

// New returns a Tracker that registers its metrics with reg. cfg must be valid, with its defaults set. What was known when it
// ended last is read from the file at path, in an existing folder, and kept there; "" keeps nothing. A file that cannot be
// read is set aside, and said so in the log.
func New(cfg Config, path string, log *slog.Logger, reg prometheus.Registerer) *Tracker {
	t := &Tracker{orders: newMemory(&cfg), cards: newCards(&cfg), metrics: newMetrics(reg), aged: newAged(time.Duration(cfg.StuckAfter)), path: path, now: time.Now, log: log}
	t.metrics.stuckAfter.Set(time.Duration(cfg.StuckAfter).Seconds())
	if cfg.Redis != nil {
		t.shared, t.queue = newShared(&cfg), make(chan *observation, maxQueue)
	}
	t.load()
	return t
}

// Observe takes in one record; it keeps nothing of ev. Records without an order's number count for refunds and
// chargebacks only. With Redis the order is looked up later, in Run; what comes faster than Redis takes it stays with this
// host.
func (t *Tracker) Observe(ev *event.Event) {
	if ev.Payment.Provider == "" {
		return
	}
	t.metrics.meet(ev.Payment.Provider)
	t.metrics.other(&ev.Payment)
	ob, ok := observe(ev)
	if !ok {
		t.refused(ev)
		return
	}
	if t.shared == nil {
		t.observe(&ob)
		return
	}
	select {
	case t.queue <- &ob:
	default:
		t.metrics.unshared.Inc()
		t.observe(&ob)
	}
}

// refused takes in a callback that names no order: the order of one that is not genuine stays encrypted.
func (t *Tracker) refused(ev *event.Event) {
	if ev.Payment.Operation != "callback" || len(ev.Fact(event.OrderID)) > 0 {
		return
	}
	var out effects
	switch signatureOf(ev) {
	case signatureTest:
		out.callback(ev.Payment.Provider, "signature_test")
	case signatureBad:
		out.callback(ev.Payment.Provider, "bad_signature")
		out.find(BadSignature, &order{}, &observation{at: ev.Time.UnixMilli(), provider: ev.Payment.Provider})
	}
	t.note(&out)
}

// observe applies ob to the orders of this host.
func (t *Tracker) observe(ob *observation) {
	var out effects
	t.orders.observe(ob, t.now(), &out)
	for _, a := range out.tried {
		t.judge(a, &out)
	}
	t.note(&out)
}

// Run looks through the orders, and saves them now and then, until ctx ends; then it saves them once more.
func (t *Tracker) Run(ctx context.Context) error {
	tick, saves := time.NewTicker(sweepEvery), time.NewTicker(saveEvery)
	defer tick.Stop()
	defer saves.Stop()
	for {
		select {
		case <-ctx.Done():
			t.drain()
			t.save()
			return t.close()
		case ob := <-t.queue: // nil, and silent, without Redis
			t.share(ob)
		case <-tick.C:
			t.sweep()
		case <-saves.C:
			t.save()
		}
	}
}

// drain shares what waits: its records are in the journal, and nobody reads them again.
func (t *Tracker) drain() {
	for until := time.Now().Add(drainTime); len(t.queue) > 0 && time.Now().Before(until); {
		t.share(<-t.queue)
	}
	t.metrics.unshared.Add(float64(len(t.queue)))
}

func (t *Tracker) close() error {
	if t.shared == nil {
		return nil
	}
	return t.shared.close()
}

// share applies first, and what waits behind it, to the orders of all hosts. While Redis does not answer, this host's
// own copies have to do.
func (t *Tracker) share(first *observation) {
	batch := []*observation{first}
	for len(batch) < maxBatch && len(t.queue) > 0 {
		batch = append(batch, <-t.queue)
	}
	left := batch
	if !t.paused() {
		var err error
		var tried []attempt
		left, err = t.shared.apply(batch, func(c *change) {
			t.orders.mirror(c, t.now(), &c.out)
			tried = append(tried, c.out.tried...)
			t.note(&c.out)
		})
		t.heard(err)
		t.shareCards(tried)
	}
	t.metrics.unshared.Add(float64(len(left)))
	for _, ob := range left {
		t.observe(ob)
	}
}

// judge holds an attempt against what this host remembers of its card.
func (t *Tracker) judge(a attempt, out *effects) {
	key, s, ok := cardKey(a.observation)
	if !ok {
		return
	}
	t.metrics.meetCard(a.provider, s)
	rule, evicted := t.cards.apply(key, s, a.observation)
	t.metrics.evictedCard.Add(float64(evicted))
	if rule != "" {
		out.forbidden(rule, a)
	}
}

// shareCards holds attempts against what all hosts remember of their cards, or this host when Redis does not answer. Most
// cards were never declined: one question for all of them tells.
func (t *Tracker) shareCards(tried []attempt) {
	var out effects
	var keys []string
	tried = slices.DeleteFunc(tried, func(a attempt) bool {
		key, s, ok := cardKey(a.observation)
		if ok {
			keys = append(keys, key)
			t.metrics.meetCard(a.provider, s)
		}
		return !ok
	})
	known := map[string]bool{}
	if !t.paused() {
		var err error
		known, err = t.shared.declinedCards(keys)
		t.heard(err)
	}
	for i, a := range tried {
		if t.paused() {
			t.metrics.unshared.Add(float64(len(tried) - i))
			for _, left := range tried[i:] {
				t.judge(left, &out)
			}
			break
		}
		if !known[keys[i]] && !declined(a.observation) {
			continue
		}
		known[keys[i]] = true
		rule, err := t.shared.applyCard(keys[i], schemeOf(a.observation), a.observation)
		if t.heard(err); err != nil {
			t.metrics.unshared.Inc()
			t.judge(a, &out)
		} else if rule != "" {
			out.forbidden(rule, a)
		}
	}
	t.note(&out)
}

func (t *Tracker) paused() bool { return t.now().UnixNano() < t.pause.Load() }

// heard notes whether Redis answered.
func (t *Tracker) heard(err error) {
	if err != nil {
		t.pause.Store(t.now().Add(redisPause).UnixNano())
		t.log.Warn("orders are not shared with other hosts for now", "err", err, "again", redisPause)
	}
}

func (t *Tracker) sweep() {
	if t.shared != nil {
		t.handOver()
	}
	var out effects
	now := t.now()
	by := t.orders.sweep(now, &out)
	if t.since.IsZero() {
		t.since = now
	}
	t.metrics.knownSince.Set(float64(t.since.Unix()))
	t.metrics.wait(by, now)
	for provider, n := range t.aged.due(now) {
		t.metrics.aged.WithLabelValues(provider).Add(float64(n))
	}
	t.cards.sweep(now)
	if len(out.ended)+len(out.found) > 0 {
		t.note(&out)
	}
}

// handOver forgets the waiting orders that another host has changed: that one reports them.
func (t *Tracker) handOver() {
	if t.paused() {
		return
	}
	gone, err := t.shared.changed(t.orders.waits())
	t.heard(err)
	for _, h := range gone {
		t.orders.forget(h)
	}
}

// note counts what followed from a record or from time passing.
func (t *Tracker) note(out *effects) {
	t.changed.Store(true)
	for _, h := range out.ended {
		if t.counts(h) {
			h.finish(out)
		}
	}
	for _, a := range out.tried {
		t.aged.add(a.provider, time.UnixMilli(a.at), t.now())
	}
	t.metrics.count(out)
	for _, one := range out.found {
		t.findings.add(one)
	}
}

// counts tells whether it is for this host to count how the order ended.
func (t *Tracker) counts(h *held) bool {
	if t.shared == nil || h.stored == "" || t.paused() {
		return true
	}
	mine, err := t.shared.claim(h)
	t.heard(err)
	return mine || err != nil
}

// Findings returns the latest orders that somebody should look at, the newest first, 200 at most.
func (t *Tracker) Findings() []Finding { return t.findings.latest() }
