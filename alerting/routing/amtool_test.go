package routing_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"gatewatch/internal/servicetest"
)

// TestRoutesAsAmtool asks Debian's amtool about the same file: it is good, and leads alerts to the same receivers.
func TestRoutesAsAmtool(t *testing.T) {
	t.Parallel()
	amtool := servicetest.Program(t, "apt-get install prometheus-alertmanager", "amtool")
	if out, err := exec.CommandContext(t.Context(), amtool, "check-config", amFile).CombinedOutput(); err != nil {
		t.Fatalf("amtool check-config: %v\n%s", err, out)
	}
	p := planOf(t, amFile)
	for _, labels := range []string{
		"alertname=A", "severity=critical provider=alipay", "severity=critical provider=alipay team=db", "severity=critical provider=stripe",
		"provider=wechatpay severity=critical env=test", "provider=wechatpays severity=critical", "team=db", "team=db service=mysql", "team=db service=mysqld",
		"team=db service=postgres severity=critical", "team=db service=redis", "team=db service=redis severity=critical", "team=db severity=info",
		"severity=none", "severity=information", "env=test", "env=test team=db", "env=test severity=info", "team=", "env=prod",
	} {
		out, err := exec.CommandContext(t.Context(), amtool, append([]string{"config", "routes", "test", "--config.file", amFile}, strings.Fields(labels)...)...).Output()
		if err != nil {
			t.Fatalf("amtool config routes test %s: %v", labels, err)
		}
		set := map[string]string{}
		for _, one := range strings.Fields(labels) {
			name, value, _ := strings.Cut(one, "=")
			set[name] = value
		}
		var got []string
		for _, way := range p.Ways(set, time.Now()) {
			got = append(got, way.Receiver)
		}
		if want := strings.Split(strings.TrimSpace(string(out)), ","); !slices.Equal(got, want) {
			t.Errorf("%s goes to %q, amtool says %q", labels, got, want)
		}
	}
}
