package collectors

import "github.com/prometheus/common/model"

// Config says what is watched beside the logs (collectors: in the configuration).
type Config struct {
	// How often everything is collected.
	Interval model.Duration `yaml:"interval"`
	// The host itself: CPU, memory, disks, network, load. {} switches it on; null off.
	Host *HostConfig `yaml:"host"`
	// Addresses requested over HTTP again and again.
	Probes []ProbeConfig `yaml:"probes"`
}

// HostConfig is collectors.host in the configuration.
type HostConfig struct {
	// File-system types that are not reported.
	IgnoreFSTypes []string `yaml:"ignore_fs_types"`
}

// ProbeConfig is an entry of collectors.probes in the configuration.
type ProbeConfig struct {
	// Name in the label "name".
	Name string `yaml:"name"`
	// URL requested with GET.
	URL string `yaml:"url"`
	// How long the probe may take in all.
	Timeout model.Duration `yaml:"timeout"`
	// HTTP status codes that count as success. Empty: every answer does, because a payment provider's
	// unauthenticated error reply proves that it is there.
	ExpectStatus []int `yaml:"expect_status"`
}
