package posture

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
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
		return newPorts(Config{AllowedPorts: allowed}, collect.Env{Log: collecttest.Quiet(), DataDir: data, Host: collect.Paths{Proc: "/proc"}})
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
	k := keptAt[portState](collect.Env{DataDir: data}, "ports")
	state, err := k.load()
	if err != nil {
		t.Fatal(err)
	}
	state.Since = state.Since.Add(-learnPorts)
	if err := k.save(state); err != nil {
		t.Fatal(err)
	}
	second := open("tcp6", "[::]:0")
	collecttest.WantLines(t, collecttest.Collect(t, ports()), line("0.0.0.0", first, 0), line("::", second, 1))
	allowed, _ := strconv.Atoi(second)
	collecttest.WantLines(t, collecttest.Collect(t, ports(allowed)), line("0.0.0.0", first, 1), line("::", second, 0))
}
