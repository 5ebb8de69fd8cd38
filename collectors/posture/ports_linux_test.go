package posture

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/collectors/kept"
)

// TestPorts opens real ports.
func TestPorts(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	open := func(network, address string) string {
		t.Helper()
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		_, port, _ := net.SplitHostPort(l.Addr().String())
		return port
	}
	first, local := open("tcp4", "0.0.0.0:0"), open("tcp4", "127.0.0.1:0")
	ports := func(allowed ...int) collect.Collector {
		c := newPorts(Config{AllowedPorts: allowed}, collect.Env{Log: collecttest.Quiet(), DataDir: data, Host: collect.Paths{Proc: "/proc"}})
		c.Timeout = 10 * time.Minute // one that is not reached
		return c
	}
	line := func(address, port string, unexpected int) string {
		return `posture_listening_unexpected{address="` + address + `",port="` + port + `",process="posture.test"} ` + strconv.Itoa(unexpected)
	}
	text := collecttest.Collect(t, ports())
	collecttest.WantLines(t, text, line("0.0.0.0", first, 0))
	if strings.Contains(text, `port="`+local+`"`) {
		t.Errorf("a port of the host itself is told:\n%s", text)
	}
	// The first hour is over.
	k := kept.At[portState](collect.Env{DataDir: data}, "posture", "ports")
	state, err := k.Load()
	if err != nil {
		t.Fatal(err)
	}
	state.Since = state.Since.Add(-learnPorts)
	if err := k.Save(state); err != nil {
		t.Fatal(err)
	}
	second := open("tcp6", "[::]:0")
	collecttest.WantLines(t, collecttest.Collect(t, ports()), line("0.0.0.0", first, 0), line("::", second, 1))
	allowed, _ := strconv.Atoi(second)
	collecttest.WantLines(t, collecttest.Collect(t, ports(allowed)), line("0.0.0.0", first, 1), line("::", second, 0))
}

// TestPortsClock learnt first under a clock that was ahead: the hour in which ports are learnt ends all the same.
func TestPortsClock(t *testing.T) {
	t.Parallel()
	env := collect.Env{Log: collecttest.Quiet(), DataDir: t.TempDir(), Host: collect.Paths{Proc: "/proc"}}
	k := kept.At[portState](env, "posture", "ports")
	if err := k.Save(portState{Since: time.Now().Add(1000 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	collecttest.Collect(t, newPorts(Config{}, env))
	if state, err := k.Load(); err != nil || state.Since.After(time.Now()) {
		t.Errorf("ports are learnt since %v, %v; want since now", state.Since, err)
	}
}
