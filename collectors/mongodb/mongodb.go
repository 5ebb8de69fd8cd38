// Package mongodb asks MongoDB servers over one connection each, under the names of Percona's mongodb_exporter.
package mongodb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"gatewatch/collectors/collect"
)

// Config is an entry of collectors.mongodb in the configuration.
type Config struct {
	collect.DSNConfig `yaml:",inline"`
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the name.
func (c *Config) Validate() error {
	return c.Mistakes(func(dsn string) error { _, err := mongoOptions(dsn); return err })
}

// Collectors returns what is switched on.
func (c *Config) Collectors(e collect.Env) ([]collect.Collector, error) {
	s, err := newMongoDB(*c)
	if err != nil {
		return nil, err
	}
	return []collect.Collector{s.Collector()}, nil
}

// mongoHeartbeat is how often the driver itself looks after the server, on a connection of its own.
const mongoHeartbeat = time.Minute

// mongoOptions reads a DSN.
func mongoOptions(dsn string) (*options.ClientOptions, error) {
	// What the parser says may repeat the DSN.
	wrong := errors.New("must be mongodb://user:password@host:27017/?authSource=admin, with one host and %-codes for special characters in the password")
	if !strings.HasPrefix(dsn, "mongodb://") {
		return nil, wrong
	}
	o := options.Client().ApplyURI(dsn).SetAppName(collect.ApplicationName).SetDirect(true).SetMaxPoolSize(1).SetMaxConnecting(1).
		SetServerMonitoringMode("poll").SetHeartbeatInterval(mongoHeartbeat).SetRetryReads(false).
		SetConnectTimeout(collect.PartTimeout).SetServerSelectionTimeout(collect.PartTimeout).SetDialer(boundedDialer{})
	if o.Validate() != nil || len(o.Hosts) != 1 {
		return nil, wrong
	}
	return o, nil
}

// mongoLink is one connection to a server.
type mongoLink struct {
	client *mongo.Client
	lost   bool
}

// newMongoDB returns what collects from one mongod or mongos.
func newMongoDB(c Config) (*collect.Server[*mongoLink], error) {
	o, err := mongoOptions(c.DSN.Reveal())
	if err != nil {
		return nil, fmt.Errorf("dsn %w", err)
	}
	password := ""
	if u, err := url.Parse(c.DSN.Reveal()); err == nil {
		password, _ = u.User.Password()
	}
	fixed := prometheus.Labels{"name": c.Name, "instance": o.Hosts[0]}
	s := &collect.Server[*mongoLink]{
		Name: "mongodb_" + c.Name, Pace: time.Duration(c.Interval), Timeout: time.Duration(c.Timeout),
		Up: mongoUp.Metric(fixed),
		Open: func(ctx context.Context) (*mongoLink, error) {
			o, err := mongoOptions(c.DSN.Reveal()) // reads the files that it names anew: a certificate is renewed
			if err != nil {
				return nil, fmt.Errorf("dsn %w", err)
			}
			link, err := openMongoDB(ctx, o)
			return link, mongoError(err, password)
		},
		Close: func(link *mongoLink) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			link.client.Disconnect(ctx)
		},
		Usable: func(link *mongoLink) bool { return !link.lost },
	}
	for _, p := range mongoParts(fixed) {
		ask := p.Ask
		p.Ask = func(ctx context.Context, link *mongoLink, out *collect.Samples) error {
			return mongoError(ask(ctx, link, out), password)
		}
		s.Parts = append(s.Parts, p)
	}
	return s, nil
}

func openMongoDB(ctx context.Context, o *options.ClientOptions) (*mongoLink, error) {
	client, err := mongo.Connect(o)
	if err != nil {
		return nil, err
	}
	link := &mongoLink{client: client}
	if _, err := link.run(ctx, bson.D{{Key: "ping", Value: 1}}); err != nil {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		client.Disconnect(limited)
		return nil, err
	}
	return link, nil
}

// undated is a context that ends as it does and does not say when. From a deadline the driver makes a second maxTimeMS, at
// which a server refuses the command.
type undated struct{ context.Context }

// Deadline returns none.
func (undated) Deadline() (at time.Time, ok bool) { return time.Time{}, false }

// run runs one command that reads. What the command may take on the server is for the command to say.
func (l *mongoLink) run(ctx context.Context, command bson.D) (bson.M, error) {
	var answer bson.M
	err := l.client.Database("admin").RunCommand(undated{ctx}, command).Decode(&answer)
	var refused mongo.CommandError
	if err != nil && (!errors.As(err, &refused) || mongo.IsNetworkError(err) || mongo.IsTimeout(err)) {
		l.lost = true
	}
	return answer, err
}

// refusedBy tells whether the server refused a command with one of the codes.
func refusedBy(err error, codes ...int) bool {
	var refused mongo.CommandError
	if errors.As(err, &refused) {
		for _, code := range codes {
			if refused.HasErrorCode(code) {
				return true
			}
		}
	}
	return false
}

// mongoError says what to do about err, and holds no password.
func mongoError(err error, password string) error {
	switch {
	case err == nil:
		return nil
	case refusedBy(err, 13):
		return errors.New("the user may not ask this: docs/collectors.md lists the rights")
	case refusedBy(err, 18) || strings.Contains(err.Error(), "AuthenticationFailed") || strings.Contains(err.Error(), "unable to authenticate"):
		return errors.New("the server refuses the user: check user, password and authSource in dsn")
	case refusedBy(err, 50):
		return errors.New("left out, because the server needed more than a second for it")
	case errors.Is(err, context.DeadlineExceeded) || mongo.IsTimeout(err):
		return fmt.Errorf("the server gives no answer: %w", context.DeadlineExceeded)
	}
	return errors.New(collect.WithoutSecret(err.Error(), password))
}
