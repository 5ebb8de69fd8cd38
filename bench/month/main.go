// Command month measures the shipped alert rules on simulated weeks of payments: how long until an incident is found, and
// how often nothing was wrong.
//
//	go run ./bench/month                                   # 28 days, all scenarios
//	go run ./bench/month -days 7 -scenario outage          # those whose name contains "outage"
//	go run ./bench/month -write docs/alerting-month.md     # and put the table into the document
//
// Each scenario is a payment provider with traffic and incidents of its own; a few are providers of one gateway. Attempts are
// counted as those from logs are, straight into the agent's metrics store, and the rules are evaluated at the agent's intervals, on
// the simulation's clock. Routing, grouping and receivers have no part in it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"gatewatch/alerting"
)

// options are the flags.
type options struct {
	days     int
	scenario string
	seed     uint64
	rate     float64
	packs    string
	write    string
	once     bool
	verbose  bool
	stepwise bool
	profile  string
}

func (o options) packNames() []string { return strings.Split(o.packs, ",") }

// collectAt is how many percent the heap grows before it is collected: memory is short of nothing here.
const collectAt = 400

func main() {
	var o options
	flag.IntVar(&o.days, "days", 28, "simulated days that count; four days before them are for the rules and profiles to learn what is usual")
	flag.StringVar(&o.scenario, "scenario", "", "scenarios whose name contains this; default: all")
	flag.BoolVar(&o.once, "once", false, "one incident of each scenario that needs no hours, for a first impression within a minute")
	flag.Uint64Var(&o.seed, "seed", 1, "of the random numbers")
	flag.Float64Var(&o.rate, "rate", 10, "payment attempts a second and provider by day")
	flag.StringVar(&o.packs, "packs", strings.Join(defaultPacks(), ","), "rule packs, with commas between them")
	flag.StringVar(&o.write, "write", "", "Markdown file whose table is replaced, between the marks in it")
	flag.BoolVar(&o.verbose, "v", false, "print each false alert and each incident not found")
	flag.BoolVar(&o.stepwise, "stepwise", false, "evaluate the rules one time after another as the agent does: slow, to compare with")
	flag.StringVar(&o.profile, "cpuprofile", "", "file for a CPU profile")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	debug.SetGCPercent(collectAt)
	if err := profiled(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "month:", err)
		os.Exit(1)
	}
}

// profiled measures, and writes a CPU profile when that is wanted.
func profiled(ctx context.Context, o options) (err error) {
	if o.profile == "" {
		return measure(ctx, o)
	}
	f, err := os.Create(o.profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return measure(ctx, o)
}

func measure(ctx context.Context, o options) error {
	if o.days < 1 || o.rate <= 0 {
		return errors.New("-days must be at least 1, and -rate above 0")
	}
	days := plan{from: monday, days: o.days, rate: o.rate, once: o.once}
	gateways := days.gateways(o.scenario, o.seed)
	if len(gateways) == 0 {
		return fmt.Errorf("-scenario %q: there are %s", o.scenario, strings.Join(scenarioNames(), ", "))
	}
	began := time.Now()
	episodes, err := simulate(ctx, o, days, gateways)
	if err != nil {
		return err
	}
	return report(o, score(slices.Concat(gateways...), episodes, days), time.Since(began))
}

// simulate has each gateway run by itself, as many at a time as there are processors, and returns what fired.
func simulate(ctx context.Context, o options, days plan, gateways [][]*stream) ([]alerting.Episode, error) {
	found := make([][]alerting.Episode, len(gateways))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, streams := range gateways {
		g.Go(func() error {
			one, err := newGateway(o, streams)
			if err != nil {
				return err
			}
			from, to := days.span()
			if err := one.run(ctx, from, to); err != nil {
				return err
			}
			found[i], err = one.episodes()
			return err
		})
	}
	err := g.Wait()
	all := slices.Concat(found...)
	slices.SortStableFunc(all, func(a, b alerting.Episode) int { return a.Fired.Compare(b.Fired) })
	return all, err
}
