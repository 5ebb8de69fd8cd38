package intents

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

const (
	redisTimeout = 2 * time.Second
	redisConns   = 2
	// maxRaces is how often a change is tried again because another host was faster.
	maxRaces = 5
	// readLate is how much later than another host's a record of the same time may be read, and still be compared with it.
	readLate = time.Hour
)

// swap replaces the order at KEYS[1] unless another host has changed it meanwhile.
// ARGV: what it was ("" when there was none), what it shall be ("" removes it), how long it lasts in milliseconds.
var swap = redis.NewScript(1, `
local now = redis.call('GET', KEYS[1])
if (now or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`)

// shared are the orders of all hosts, in Redis. The rules are those of order.apply; Redis only says who was first.
type shared struct {
	pool   *redis.Pool
	prefix string
	limits *Config
}

// change is one order after what this host has seen of it.
type change struct {
	key    string
	order  order
	stored string
	out    effects
	paid   *observation // that paid it, nil when none did now
}

func newShared(limits *Config) *shared {
	c := limits.Redis
	options := []redis.DialOption{
		redis.DialDatabase(c.Database), redis.DialUsername(c.Username), redis.DialPassword(c.Password.Reveal()),
		redis.DialConnectTimeout(redisTimeout), redis.DialReadTimeout(redisTimeout), redis.DialWriteTimeout(redisTimeout),
		redis.DialUseTLS(c.TLS), redis.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}),
	}
	return &shared{
		limits: limits, prefix: c.Prefix,
		pool: &redis.Pool{
			MaxIdle: redisConns, MaxActive: redisConns, Wait: true, IdleTimeout: time.Minute,
			Dial: func() (redis.Conn, error) { return redis.Dial("tcp", c.Address, options...) },
		},
	}
}

func (s *shared) close() error { return s.pool.Close() }

// apply applies the batch to the orders in Redis, and hands each changed order to done. On error, left is what has not
// been applied.
func (s *shared) apply(batch []*observation, done func(*change)) (left []*observation, err error) {
	conn := s.pool.Get()
	defer conn.Close()
	for range maxRaces {
		if len(batch) == 0 {
			return nil, nil
		}
		if batch, err = s.round(conn, batch, done); err != nil {
			return batch, fmt.Errorf("share orders in redis: %w", err)
		}
	}
	return batch, errors.New("share orders in redis: other hosts were faster each time")
}

// round tries once. It returns what another host was faster at.
func (s *shared) round(conn redis.Conn, batch []*observation, done func(*change)) ([]*observation, error) {
	keys, by := group(batch)
	stored, err := s.get(conn, keys)
	if err != nil {
		return batch, err
	}
	changes := make([]*change, 0, len(keys))
	for i, key := range keys {
		c, err := s.change(key, stored[i], by[key])
		if err != nil {
			return batch, err
		}
		if c.order.ID == "" {
			continue
		}
		changes = append(changes, c)
		if err := s.sendSwap(conn, c, stored[i]); err != nil {
			return batch, err
		}
	}
	return s.finish(conn, batch, by, changes, done)
}

// finish reads the answers of one round. What Redis has taken is done, whatever comes after.
func (s *shared) finish(conn redis.Conn, batch []*observation, by map[string][]*observation, changes []*change, done func(*change)) ([]*observation, error) {
	if err := conn.Flush(); err != nil {
		return batch, err
	}
	var late []*observation
	var paid []*change
	var failure error
	for i, c := range changes {
		won, err := redis.Int(conn.Receive())
		if err != nil {
			for _, unheard := range changes[i:] {
				late = append(late, by[unheard.key]...)
			}
			failure = err
			break
		}
		switch {
		case won == 0:
			late = append(late, by[c.key]...)
		case c.paid != nil:
			paid = append(paid, c)
		default:
			done(c)
		}
	}
	for _, c := range paid {
		if failure == nil {
			failure = s.compare(conn, c)
		}
		done(c)
	}
	return late, failure
}

// group returns the orders that the batch is about, and what it says of each.
func group(batch []*observation) (keys []string, by map[string][]*observation) {
	by = map[string][]*observation{}
	for _, ob := range batch {
		if by[ob.key] == nil {
			keys = append(keys, ob.key)
		}
		by[ob.key] = append(by[ob.key], ob)
	}
	return keys, by
}

func (s *shared) get(conn redis.Conn, keys []string) ([]string, error) {
	args := make([]any, len(keys))
	for i, key := range keys {
		args[i] = s.orderKey(key)
	}
	return redis.Strings(conn.Do("MGET", args...))
}

func (s *shared) orderKey(key string) string { return s.prefix + "order:" + key }

// change applies what was seen to the stored order. An order that cannot be read counts as new.
func (s *shared) change(key, stored string, seen []*observation) (*change, error) {
	c := &change{key: key}
	if stored != "" && json.Unmarshal([]byte(stored), &c.order) != nil {
		c.order = order{}
	}
	for _, ob := range seen {
		if c.order.ID == "" && !ob.begins() {
			continue
		}
		was := c.order.Paid
		c.order.apply(ob, s.limits, &c.out)
		if c.order.Paid && !was {
			c.paid = ob
		}
	}
	text, err := json.Marshal(&c.order)
	c.stored = string(text)
	return c, err
}

func (s *shared) sendSwap(conn redis.Conn, c *change, was string) error {
	last := s.limits.Window
	if c.order.open() {
		last = s.limits.Keep
	}
	// Longer than this host remembers it: whoever changed it last counts how it ended.
	return swap.Send(conn, s.orderKey(c.key), was, c.stored, 2*time.Duration(last).Milliseconds())
}

// compare reports a payment that is like an earlier one for another order, on any host.
func (s *shared) compare(conn redis.Conn, c *change) error {
	who, ok := payerOf(c.paid)
	if !ok {
		return nil
	}
	key := strings.Join([]string{s.prefix + "payer", who.customer, who.card, who.merchant, who.currency, strconv.FormatInt(who.amount, 10)}, ":")
	now := payment{c.paid.order, c.paid.transaction, c.paid.at}
	// When files are read says little about when the payments were: the times of the log are compared.
	lasts := time.Duration(s.limits.SamePayment) + readLate
	last, err := redis.String(conn.Do("SET", key, now.String(), "PX", lasts.Milliseconds(), "GET"))
	if errors.Is(err, redis.ErrNil) {
		return nil
	}
	if earlier, ok := parsePayment(last); err == nil && ok && now.like(earlier, s.limits) {
		c.out.find(SamePayment, &order{Transaction: earlier.transaction}, c.paid)
	}
	return err
}

// changed returns those of the orders that another host has changed since.
func (s *shared) changed(orders []held) ([]*held, error) {
	conn := s.pool.Get()
	defer conn.Close()
	var gone []*held
	const most = 500 // keys a question
	for len(orders) > 0 {
		part := orders[:min(most, len(orders))]
		orders = orders[len(part):]
		keys := make([]string, len(part))
		for i := range part {
			keys[i] = part[i].key
		}
		stored, err := s.get(conn, keys)
		if err != nil {
			return gone, err
		}
		for i := range part {
			// A key that is gone was lost by Redis: nobody else reports this order.
			if stored[i] != "" && stored[i] != part[i].stored {
				gone = append(gone, &part[i])
			}
		}
	}
	return gone, nil
}

// claim removes the order and tells whether it was this host that changed it last, and so counts how it ended.
func (s *shared) claim(h *held) (mine bool, err error) {
	conn := s.pool.Get()
	defer conn.Close()
	return redis.Bool(swap.Do(conn, s.orderKey(h.key), h.stored, "", 0))
}
