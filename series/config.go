package series

import "github.com/prometheus/common/model"

// Config bounds the embedded metrics store (series: in the configuration).
type Config struct {
	// How often the registry is sampled.
	Interval model.Duration `yaml:"interval"`
	// How long samples are kept.
	Retention model.Duration `yaml:"retention"`
	// Most series in one sample; what is beyond is left out and counted.
	MaxSeries int `yaml:"max_series"`
}
