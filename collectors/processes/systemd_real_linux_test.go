package processes

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// realUnits has a unit of each kind that a real systemd tells about in its own way.
var realUnits = map[string]string{
	"runs.service":   "[Service]\nExecStart=/bin/sleep infinity\n",
	"fails.service":  "[Service]\nExecStart=/bin/sh -c 'exit 3'\n",
	"killed.service": "[Service]\nExecStart=/bin/sh -c 'kill -SEGV $$$$'\n",
	"loop.service":   "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=50ms\nExecStart=/bin/sh -c 'exit 1'\n",
	"limit.service": "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=2\n[Service]\nRestart=always\nRestartSec=10ms\n" +
		"ExecStart=/bin/sh -c 'test -e @DIR@/mended && exec sleep infinity'\n",
	"dog.service":    "[Service]\nType=notify\nNotifyAccess=all\nWatchdogSec=60s\nExecStart=/bin/sh -c 'systemd-notify --ready WATCHDOG=1; exec sleep infinity'\n",
	"bitten.service": "[Service]\nType=notify\nNotifyAccess=all\nWatchdogSec=100ms\nExecStart=/bin/sh -c 'systemd-notify --ready; exec sleep infinity'\n",
	"once.service":   "[Service]\nType=oneshot\nExecStart=/bin/true\n",
	"stays.service":  "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n",
	"slow.service":   "[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\n",
	"broken.service": "[Service]\nExecStart=relative/path\n",
	"often.timer":    "[Timer]\nOnActiveSec=1ms\nAccuracySec=1ms\nUnit=once.service\n",
	"tick.timer":     "[Timer]\nOnActiveSec=1h\nUnit=once.service\n",
	"door.socket":    "[Socket]\nListenStream=@DIR@/door\nAccept=yes\nMaxConnections=1\n",
	"door@.service":  "[Service]\nStandardInput=socket\nExecStart=/bin/sleep infinity\n",
}

// collectUntil collects until the text has every line wanted, and returns it.
func collectUntil(t *testing.T, c collect.Collector, want ...string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		text := collecttest.Collect(t, c)
		missing := ""
		for _, w := range want {
			if !strings.Contains(text, w+"\n") {
				missing = w
			}
		}
		if missing == "" {
			return text
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %q in\n%s", missing, text)
		}
	}
}

// TestRealSystemd compares with what systemctl show says of such units.
func TestRealSystemd(t *testing.T) {
	t.Parallel()
	s := servicetest.Systemd(t, realUnits, "runs.service", "fails.service", "killed.service", "loop.service", "limit.service", "dog.service", "bitten.service",
		"once.service", "stays.service", "slow.service", "broken.service", "tick.timer", "often.timer", "door.socket")
	c := collectSystemd(Config{Units: []string{"[^f]*.service", "door.socket", "*.timer"}, DBus: s.URL})
	c.Timeout = time.Minute
	state := func(name, state, kind string) string {
		return `node_systemd_unit_state{name="` + name + `",state="` + state + `",type="` + kind + `"} 1`
	}
	result := func(name, result string) string {
		return `gatewatch_systemd_service_result{name="` + name + `",result="` + result + `"} 1`
	}
	text := collectUntil(t, c, `gatewatch_collector_success{collector="systemd"} 1`,
		state("runs.service", "active", "simple"), result("runs.service", "success"),
		state("fails.service", "failed", ""), // not one of those that are watched
		state("killed.service", "failed", "simple"), result("killed.service", "signal"),
		result("loop.service", "exit-code"),
		state("limit.service", "failed", "simple"), `node_systemd_service_restart_total{name="limit.service"} 2`,
		state("dog.service", "active", "notify"), `gatewatch_systemd_watchdog_seconds{name="dog.service"} 60`,
		state("bitten.service", "failed", "notify"), result("bitten.service", "watchdog"), `gatewatch_systemd_watchdog_seconds{name="bitten.service"} 0.1`,
		state("stays.service", "active", "oneshot"), state("slow.service", "activating", "oneshot"),
		state("tick.timer", "active", ""), state("door.socket", "active", ""),
		`systemd_unit_state{name="fails.service",state="failed",type="service"} 1`, `systemd_unit_state{name="door.socket",state="active",type="socket"} 1`,
		`node_systemd_timer_last_trigger_seconds{name="tick.timer"} 0`,
		`systemd_socket_refused_connections_total{name="door.socket"} 0`, `systemd_service_restart_total{name="limit.service"} 2`,
		`node_systemd_socket_accepted_connections_total{name="door.socket"} 0`, `node_systemd_system_running 0`)
	wanted := []string{`systemd_timer_last_trigger_seconds{name="often.timer"} 1.`, `systemd_unit_tasks_max{name="runs.service",type="service"} `,
		`gatewatch_systemd_watchdog_timestamp_seconds{name="dog.service"} 1.`, `node_systemd_version{version="2`}
	lacks := func(w string) bool { return !strings.Contains(text, w) }
	for end := time.Now().Add(time.Minute); slices.ContainsFunc(wanted, lacks) && time.Now().Before(end); {
		text = collecttest.Collect(t, c)
	}
	for _, w := range wanted {
		if lacks(w) {
			t.Errorf("no %s in\n%s", w, text)
		}
	}
	for _, unwanted := range []string{
		`gatewatch_systemd_watchdog_timestamp_seconds{name="bitten.service"}`, // it does not run
		`gatewatch_systemd_watchdog_seconds{name="runs.service"}`, `name="broken.service"`,
	} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%s is in\n%s", unwanted, text)
		}
	}
}

// TestRealRestarts: systemd does nothing for a unit within its own start limit until it is told to forget the failure.
func TestRealRestarts(t *testing.T) {
	t.Parallel()
	s := servicetest.Systemd(t, realUnits, "limit.service", "broken.service")
	watch := collectSystemd(Config{Units: []string{"limit.service"}, DBus: s.URL})
	watch.Timeout = time.Minute
	failed := `node_systemd_unit_state{name="limit.service",state="failed",type="simple"} 1`
	restarts := func(unit string) (collect.Collector, *keptNotes) {
		notes := &keptNotes{}
		cfg := RestartConfig{Unit: unit, AtMost: 2, DBus: s.URL}
		all, err := cfg.Collectors(collect.Env{Log: collecttest.Quiet(), Notes: notes})
		if err != nil {
			t.Fatal(err)
		}
		all[0].Timeout = time.Minute
		return all[0], notes
	}

	collectUntil(t, watch, failed)
	refused, notes := restarts("limit.service")
	asNobody(t, func() { collectIn(t, time.Minute, refused) })
	if len(*notes) != 1 || !strings.Contains((*notes)[0].Message, "the agent lacks the right, which a rule of polkit gives") {
		t.Errorf("documents of a user without rights: %+v, want one that says what to do", *notes)
	}
	collectUntil(t, watch, failed)

	c, notes := restarts("limit.service")
	collectUntil(t, c, `gatewatch_unit_restarts_total{name="limit.service"} 1`)
	collectUntil(t, watch, failed, `node_systemd_service_restart_total{name="limit.service"} 2`)
	if err := os.WriteFile(s.Dir+"/mended", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	collectUntil(t, c, `gatewatch_unit_restarts_total{name="limit.service"} 2`)
	collectUntil(t, watch, `node_systemd_unit_state{name="limit.service",state="active",type="simple"} 1`)
	if len(*notes) != 2 || (*notes)[1].Message != "had systemd start the failed unit limit.service again" {
		t.Errorf("documents of two restarts: %+v", *notes)
	}

	broken, _ := restarts("broken.service")
	if err := broken.Collect(t.Context(), &collect.Samples{}); err == nil || !strings.Contains(err.Error(), "its file is not as it should be (bad-setting)") {
		t.Errorf("a unit whose file is wrong: %v", err)
	}
}

// TestRealPolkit gives a user without rights those of the rule in the documentation.
func TestRealPolkit(t *testing.T) {
	t.Parallel()
	servicetest.Wanted(t)
	polkitd := servicetest.Program(t, "apt-get install polkitd", "/usr/lib/polkit-1/polkitd")
	doc, err := os.ReadFile("../doc/restarts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rule, _ := strings.Cut(string(doc), "```js\n")
	rule, _, found := strings.Cut(rule, "```")
	rule = strings.NewReplacer(`"gatewatch"`, `"nobody"`, `"pay-core.service"`, `"limit.service"`).Replace(rule)
	if !found || strings.Count(rule, "nobody")+strings.Count(rule, "limit") != 2 {
		t.Fatalf("the rule in the documentation is %q", rule)
	}
	s := servicetest.Systemd(t, map[string]string{
		"limit.service": realUnits["limit.service"],
		// Of the machine's own rules none may count.
		"polkit.service": "[Service]\nType=dbus\nBusName=org.freedesktop.PolicyKit1\nTemporaryFileSystem=/etc/polkit-1\n" +
			"BindReadOnlyPaths=@DIR@/units:/etc/polkit-1/rules.d\nExecStart=" + polkitd + "\n",
		"gatewatch.rules": rule,
	}, "limit.service", "polkit.service")
	watch := collectSystemd(Config{Units: []string{"limit.service", "polkit.service"}, DBus: s.URL})
	watch.Timeout = time.Minute
	collectUntil(t, watch, `node_systemd_unit_state{name="limit.service",state="failed",type="simple"} 1`,
		`node_systemd_unit_state{name="polkit.service",state="active",type="dbus"} 1`)
	if err := os.WriteFile(s.Dir+"/mended", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var notes keptNotes
	all, err := (&RestartConfig{Unit: "limit.service", AtMost: 1, DBus: s.URL}).Collectors(collect.Env{Log: collecttest.Quiet(), Notes: &notes})
	if err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() { collectIn(t, time.Minute, all[0]) })
	if len(notes) != 1 || notes[0].Message != "had systemd start the failed unit limit.service again" {
		t.Errorf("documents %+v, want one of a restart", notes)
	}
	collectUntil(t, watch, `node_systemd_unit_state{name="limit.service",state="active",type="simple"} 1`)
}

// collectIn collects once, which may take as long as limit.
func collectIn(t *testing.T, limit time.Duration, c collect.Collector) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	c.Collect(ctx, &collect.Samples{})
}

// asNobody runs f on a thread that belongs to nobody and ends with it.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		_, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, 65534, 65534, 65534)
		if errno == 0 {
			f()
			done <- nil
			return
		}
		done <- errno
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
