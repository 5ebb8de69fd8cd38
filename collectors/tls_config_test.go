package collectors

import (
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestValidateTLS(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, text, want string) {
		t.Helper()
		cfg := DefaultConfig()
		if err := yaml.Unmarshal([]byte("tls: "+text), &cfg); err != nil {
			t.Fatal(err)
		}
		cfg.SetDefaults()
		got := ""
		if err := cfg.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("Validate(%s) = %q, want %q", text, got, want)
		}
	}
	f(t, `{}`, "")
	f(t, `{scan_interval: 0}`, "")
	f(t, `{endpoints: [{name: a, address: "pay.example.com:443"}], files: [{name: a, paths: ["/etc/ssl/*.pem"]}]}`, "")
	f(t, `{interval: 1s, scan_interval: 1m}`, "tls.interval: must be at least 10s, is 1s\n"+
		"tls.scan_interval: must be at least 1h, or 0 for never, is 1m")
	f(t, `{endpoints: [{address: "pay.example.com"}]}`,
		"tls.endpoints[0].name: is missing\ntls.endpoints[0].address: must be host:port, is \"pay.example.com\"")
	f(t, `{endpoints: [{name: a, address: "x:0"}]}`, `tls.endpoints[0].address: must be host:port, is "x:0"`)
	f(t, `{endpoints: [{name: a, address: "x:1"}, {name: a, address: "y:1"}]}`, `tls.endpoints[1].name: "a" is used by another entry`)
	f(t, `{endpoints: [{name: a, address: "x:1", cert_file: /c, served_from: [x.pem]}]}`, "tls.endpoints[0].cert_file: goes together with key_file\n"+
		`tls.endpoints[0].served_from[0]: must be an absolute path, is "x.pem"`)
	f(t, `{endpoints: [{name: a, address: "x:1", cert_file: /no, key_file: /no}]}`, "tls.endpoints[0].cert_file: open /no: no such file or directory")
	f(t, `{files: [{name: a}]}`, "tls.files[0].paths: is missing")
	f(t, `{files: [{name: a, paths: ["/etc/[a", "b"], source: x}]}`, `tls.files[0].paths[0]: "/etc/[a" is no pattern: a bracket is not closed`+"\n"+
		`tls.files[0].paths[1]: must be an absolute path, is "b"`+"\n"+`tls.files[0].source: must be one of ["server" "client" "provider" "ca"], is "x"`)
}
