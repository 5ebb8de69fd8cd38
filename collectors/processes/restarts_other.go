//go:build !linux

package processes

import (
	"errors"

	"gatewatch/collectors/collect"
)

// Collectors returns what is switched on.
func (c *RestartConfig) Collectors(collect.Env) ([]collect.Collector, error) {
	return nil, errors.New("units are started again on Linux only, by systemd: remove the entry")
}
