// Package redis asks Redis, Valkey and Sentinel over one connection each, under redis_exporter's names.
package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
	"gatewatch/internal/invalid"
)

// Config is an entry of collectors.redis in the configuration.
type Config struct {
	collect.DSNConfig `yaml:",inline"`
	// Certificates of the authorities to trust, as PEM, when those of the system are not enough.
	CAFile string `yaml:"ca_file"`
	// Client certificate and its key, as PEM.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the name. It reads the files that it names.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	m.AddIn("", c.Mistakes(func(dsn string) error { _, err := parseRedisAddress(dsn); return err }))
	fetch.ValidateTLS(&m, c.CAFile, c.CertFile, c.KeyFile)
	return m.Err()
}

// Collectors returns what is switched on.
func (c *Config) Collectors(e collect.Env) ([]collect.Collector, error) {
	s, err := newRedis(*c, e)
	if err != nil {
		return nil, err
	}
	one := s.Collector()
	one.MadeOf = []any{*c, fetch.Contents(c.CAFile)}
	return []collect.Collector{one}, nil
}

// redisAddress is where a server is and who asks it.
type redisAddress struct {
	network, address string
	// host is what its certificate is for; "" without TLS.
	host           string
	user, password string
}

// parseRedisAddress reads a DSN.
func parseRedisAddress(dsn string) (redisAddress, error) {
	// The parser's own error repeats the DSN.
	wrong := errors.New("must be redis://user:password@host:6379, rediss://… for TLS or unix://user:password@/path, " +
		"with %-codes for special characters in the password")
	u, err := url.Parse(dsn)
	if err != nil || u.RawQuery != "" {
		return redisAddress{}, wrong
	}
	a := redisAddress{network: "tcp", user: u.User.Username()}
	a.password, _ = u.User.Password()
	switch u.Scheme {
	case "redis", "valkey":
	case "rediss", "valkeys":
		a.host = u.Hostname()
	case "unix":
		a.network, a.address = "unix", u.Path
		if u.Host != "" || a.address == "" {
			return redisAddress{}, wrong
		}
		return a, nil
	default:
		return redisAddress{}, wrong
	}
	port := u.Port()
	collect.SetDefault(&port, "6379")
	a.address = net.JoinHostPort(u.Hostname(), port)
	// What is told is about the whole server, so a number of a database is let pass and not used.
	if u.Hostname() == "" || strings.Count(u.Path, "/") > 1 {
		return redisAddress{}, wrong
	}
	return a, nil
}

// newRedis returns what collects from one Redis, Valkey or Sentinel.
func newRedis(c Config, e collect.Env) (*collect.Server[*redisLink], error) {
	at, err := parseRedisAddress(c.DSN.Reveal())
	if err != nil {
		return nil, fmt.Errorf("dsn %w", err)
	}
	dialer, err := redisDialer(c, at)
	if err != nil {
		return nil, err
	}
	fixed := prometheus.Labels{"name": c.Name, "instance": at.address}
	s := &collect.Server[*redisLink]{
		Name: "redis_" + c.Name, Pace: time.Duration(c.Interval), Timeout: time.Duration(c.Timeout),
		Up: redisUp.Metric(fixed),
		Open: func(ctx context.Context) (*redisLink, error) {
			link, err := openRedis(ctx, at, dialer)
			return link, redisError(err, at)
		},
		Close:  func(link *redisLink) { link.conn.Close() },
		Usable: func(link *redisLink) bool { return link.conn.Err() == nil },
	}
	for _, p := range redisParts(fixed) {
		ask := p.Ask
		p.Ask = func(ctx context.Context, link *redisLink, out *collect.Samples) error {
			return redisError(ask(ctx, link, out), at)
		}
		s.Parts = append(s.Parts, p)
	}
	return s, nil
}

// redisDialer returns what connects to a server, up to and with TLS.
func redisDialer(c Config, at redisAddress) (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	dial := new(net.Dialer).DialContext
	if at.host != "" {
		cfg, err := fetch.ClientTLS(c.CAFile, c.CertFile, c.KeyFile, at.host)
		if err != nil {
			return nil, err
		}
		dial = (&tls.Dialer{Config: cfg}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &boundedConn{Conn: conn}, nil
	}, nil
}

// redisLink is one connection to a server.
type redisLink struct {
	conn redis.Conn
	// mode is standalone, cluster or sentinel.
	mode string
	// unlimited is whether INFO tells no limit of clients, as before version 7.
	unlimited bool
}

func openRedis(ctx context.Context, at redisAddress, dial func(ctx context.Context, network, address string) (net.Conn, error)) (*redisLink, error) {
	conn, err := redis.DialContext(ctx, at.network, at.address, redis.DialContextFunc(dial),
		redis.DialUsername(at.user), redis.DialPassword(at.password),
		redis.DialReadTimeout(collect.PartTimeout), redis.DialWriteTimeout(collect.PartTimeout))
	if err != nil {
		return nil, err
	}
	link := &redisLink{conn: conn}
	if err := link.begin(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return link, nil
}

// begin says who we are and finds out whom we talk to.
func (l *redisLink) begin(ctx context.Context) error {
	// Without our name it is no less watched: a proxy does not know the command, a user may not run it, and before version 7 a
	// server that loads its data or has lost its primary refuses it. Who is refused altogether is told so of INFO.
	var refused redis.Error
	if _, err := l.do(ctx, "CLIENT", "SETNAME", collect.ApplicationName); err != nil && !errors.As(err, &refused) {
		return err
	}
	l.unlimited = true
	for _, section := range []string{"server", "clients"} {
		text, err := redis.String(l.do(ctx, "INFO", section))
		if err != nil && refused != "" && !errors.As(err, new(redis.Error)) {
			return refused // with its last word, as one that has no connection left
		}
		if err != nil {
			return err
		}
		for _, f := range parseInfo(text) {
			switch f.key {
			case "redis_mode", "server_mode": // the latter is Valkey's
				l.mode = f.value
			case "maxclients":
				l.unlimited = false
			}
		}
	}
	return nil
}

// do asks one question.
func (l *redisLink) do(ctx context.Context, command string, args ...any) (any, error) {
	return redis.DoContext(l.conn, ctx, command, args...)
}

// redisError says what to do about err, and holds no password.
func redisError(err error, at redisAddress) error {
	if err == nil {
		return nil
	}
	var refused redis.Error
	if errors.As(err, &refused) {
		if advice := redisAdvice(string(refused), at); advice != "" {
			return errors.New(advice)
		}
		return fmt.Errorf("the server says %q", collect.WithoutSecret(string(refused), at.password))
	}
	var network net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout() {
		return fmt.Errorf("the server gives no answer: %w", context.DeadlineExceeded)
	}
	return errors.New(collect.WithoutSecret(err.Error(), at.password))
}

// redisAdvice says what to do about a server's refusal; "" for one that needs its own words.
func redisAdvice(says string, at redisAddress) string {
	user := at.user
	collect.SetDefault(&user, "default")
	begins := func(with string) bool { return strings.HasPrefix(says, with) }
	switch {
	case begins("WRONGPASS"), begins("ERR invalid password"), begins("ERR AUTH"), begins("ERR Client sent AUTH"):
		return fmt.Sprintf("the server refuses user %q: check the user and the password in dsn", user)
	case begins("NOAUTH"):
		return "the server wants a password: write it into dsn"
	case begins("NOPERM"):
		return fmt.Sprintf("user %q may not ask this: docs/collectors.md lists the rights", user)
	case begins("ERR max number of clients"):
		return "the server has no connection left: raise maxclients, or find who holds them"
	case begins("DENIED"):
		return "the server is in protected mode: give it a password, or have the agent run on its host"
	case begins("LOADING"):
		return "the server is still loading its data"
	}
	return ""
}

// unknownToRedis tells whether a server, or what stands before it, does not know a command: some services take it out.
func unknownToRedis(err error) bool {
	var refused redis.Error
	return errors.As(err, &refused) && strings.HasPrefix(strings.ToLower(string(refused)), "err unknown")
}
