package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"gatewatch/alerting/receivers"
)

// routeAlert says who would be told of an alert with these labels, written LABEL=VALUE.
func routeAlert(config string, words []string, out *output) error {
	if len(words) == 0 {
		return usageError{errors.New("which alert? give its labels, as in alertname=PaymentProviderDown severity=critical")}
	}
	labels := map[string]string{}
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok || name == "" {
			return usageError{fmt.Errorf("%q is no label: write LABEL=VALUE", word)}
		}
		labels[name] = value
	}
	cfg, err := loadConfig(config, out)
	if err != nil {
		return err
	}
	plan, err := cfg.Alerting.Plan()
	if err != nil {
		return err
	}
	for name, value := range cfg.Alerting.ExternalLabels {
		if _, own := labels[name]; !own {
			labels[name] = value
		}
	}
	if why := plan.Windows.Mutes(labels, time.Now()); why != "" {
		fmt.Fprintf(out.stdout, "muted by maintenance: %s\n", why)
	}
	least := cfg.Alerting.MinSeverities()
	for _, way := range plan.Ways(labels, time.Now()) {
		fmt.Fprintln(out.stdout, way)
		var told []string
		for _, name := range way.Told {
			if s := least[name]; s != "" && receivers.SeverityRank(labels["severity"]) > receivers.SeverityRank(s) {
				name += fmt.Sprintf(" (not this one: below min_severity %s)", s)
			}
			told = append(told, name)
		}
		if told == nil {
			told = []string{"nobody"}
		}
		fmt.Fprintf(out.stdout, "  told     %s\n", strings.Join(told, ", "))
	}
	return nil
}
