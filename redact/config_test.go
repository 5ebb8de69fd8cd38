package redact

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	if err := cfg.Validate(); err != nil {
		t.Errorf("the default configuration: %v, want no mistake", err)
	}
	cfg.Keys = []string{"id_card", "a_-_b", strings.Repeat("x", 49)}
	want := `keys[1]: "a_-_b" has fewer than 3 letters or digits` + "\n" +
		`keys[2]: "` + strings.Repeat("x", 49) + `" is longer than 48 bytes`
	if err := cfg.Validate(); err == nil || err.Error() != want {
		t.Errorf("Validate() = %v, want %s", err, want)
	}
}

func TestMetric(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	r := New(Config{}, reg)
	r.Redact(nil, []byte(`{"card":4242424242424242,"cvv":1,"pin":2,"password":"x","track2":"y","acc_no":"6222021234567890","authorization":"z"}`))
	r.Redact(nil, []byte(`{"card":"424242******4242"}`))
	want := `
# HELP gatewatch_redacted_total Values taken out of log records before anything else saw them, by kind.
# TYPE gatewatch_redacted_total counter
gatewatch_redacted_total{kind="customer"} 0
gatewatch_redacted_total{kind="cvv"} 1
gatewatch_redacted_total{kind="email"} 0
gatewatch_redacted_total{kind="identity"} 0
gatewatch_redacted_total{kind="pan"} 2
gatewatch_redacted_total{kind="phone"} 0
gatewatch_redacted_total{kind="pin"} 1
gatewatch_redacted_total{kind="secret"} 2
gatewatch_redacted_total{kind="track"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
