package collectors

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// report is what is printed.
type report struct {
	ours, theirs []*program
	missing      []string
	scrapes      int
	every        time.Duration
	samples      int
	pages        []page
	crowds       []crowd
}

// page is one whose time is taken, before and while tables are locked.
type page struct {
	name, address string
	of            *program // nil: the benchmark itself
	calm, locked  times
}

// times are how long a page took, sorted, and the CPU time of its program for each answer; what it collected meanwhile is in it.
type times struct {
	all []time.Duration
	cpu time.Duration
}

// crowd is what became of ten scrapes at once while the databases were locked.
type crowd struct {
	name              string
	answered          int
	slowest           time.Duration
	postgres, mariadb string // sessions at each afterwards
}

const crowdSize = 10

// crowdPatience is Prometheus' usual time-out.
const crowdPatience = 10 * time.Second

// crowd lets ten scrapes come at once, to the agent and to the exporters of databases.
func (r *report) crowd(b *testing.B, s *servers, agent *program, theirs []*program) {
	b.Helper()
	ask := func(user string, p *program) {
		c := crowd{name: p.name}
		took := make(chan time.Duration, crowdSize)
		for range crowdSize {
			go func() {
				_, d, err := fetch(p.page, crowdPatience)
				if err != nil {
					d = -1
				}
				took <- d
			}()
		}
		for range crowdSize {
			if d := <-took; d >= 0 {
				c.answered++
				c.slowest = max(c.slowest, d)
			}
		}
		c.postgres, c.mariadb = s.sessions(b, user)
		r.crowds = append(r.crowds, c)
	}
	ask(agentUser, agent)
	for _, p := range theirs {
		if strings.Contains(p.name, "postgres") || strings.Contains(p.name, "mysqld") {
			ask(exporterUser, p)
		}
	}
}

// String returns the tables in Markdown.
func (r *report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %d cores (%s/%s), %d collections, one every %v, after two that do not count; %d samples.\n\n",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, r.scrapes, r.every, r.samples)
	b.WriteString("| program | RSS MiB | peak | CPU ms a collection |\n|---|---|---|---|\n")
	line := func(p *program) {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %.1f |\n", p.name, mebibytes(p.resident), mebibytes(p.peak), r.milliseconds(p.cpu))
	}
	for _, p := range r.ours {
		line(p)
	}
	for _, p := range r.theirs {
		line(p)
	}
	for i, n := range []int{min(seven, len(r.theirs)), len(r.theirs)} {
		collecting := r.ours[i]
		sum := program{name: fmt.Sprintf("**the first %d exporters together**", n)}
		for _, p := range r.theirs[:n] {
			sum.resident, sum.peak, sum.cpu = sum.resident+p.resident, sum.peak+p.peak, sum.cpu+p.cpu
		}
		line(&sum)
		fmt.Fprintf(&b, "| … × ours that watches the same | %.1f | %.1f | %.1f |\n", share(sum.resident, collecting.resident),
			share(sum.peak, collecting.peak), share(int64(sum.cpu), int64(collecting.cpu)))
	}
	if len(r.missing) > 0 {
		fmt.Fprintf(&b, "\nNot installed, and not measured: %s.\n", strings.Join(r.missing, ", "))
	}
	b.WriteString("\n| /metrics, " + fmt.Sprint(answers) + " times | CPU ms each | median ms | 19 of 20 within | slowest |\n|---|---|---|---|---|\n")
	for _, p := range r.pages {
		for _, of := range []struct {
			when string
			times
		}{{"", p.calm}, {", tables locked", p.locked}} {
			n, cpu := len(of.all), ""
			if of.cpu > 0 {
				cpu = fmt.Sprintf("%.1f", inMilliseconds(of.cpu))
			}
			fmt.Fprintf(&b, "| %s%s | %s | %.1f | %.1f | %.1f |\n", p.name, of.when, cpu, inMilliseconds(of.all[n/2]), inMilliseconds(of.all[n*19/20]), inMilliseconds(of.all[n-1]))
		}
	}
	fmt.Fprintf(&b, "\n| ten scrapes at once, tables locked | answered in %v | slowest ms | sessions at PostgreSQL | at MariaDB |\n|---|---|---|---|---|\n", crowdPatience)
	for _, c := range r.crowds {
		fmt.Fprintf(&b, "| %s | %d | %.0f | %s | %s |\n", c.name, c.answered, inMilliseconds(c.slowest), c.postgres, c.mariadb)
	}
	return b.String()
}

func (r *report) milliseconds(all time.Duration) float64 {
	return inMilliseconds(all) / float64(r.scrapes)
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / 1e6 }

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

func share(theirs, ours int64) float64 { return float64(theirs) / float64(ours) }
