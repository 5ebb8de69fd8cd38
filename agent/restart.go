package main

import (
	"reflect"
	"slices"
	"strings"

	"gatewatch/configs"
)

// exchanged are the keys that a reload puts into effect.
var exchanged = [...]string{
	"logs", "outputs", "payments.outcomes", "slo", "collectors",
	"alerting.rules", "alerting.packs", "alerting.flapping",
	"alerting.slack", "alerting.webhooks", "alerting.teams", "alerting.dingtalk", "alerting.feishu", "alerting.wecom", "alerting.pagerduty",
	"alerting.email", "alerting.links", "alerting.runbook_url", "alerting.route", "alerting.inhibit_rules", "alerting.time_intervals",
	"alerting.alertmanager_config", "alerting.shipped_inhibitions", "alerting.maintenance", "alerting.external_labels", "alerting.group_wait",
	"alerting.group_interval", "alerting.repeat_interval",
}

// needRestart returns the keys that differ and that only a restart puts into effect.
func needRestart(before, after *configs.Config) []string {
	return differing("", reflect.ValueOf(*before), reflect.ValueOf(*after))
}

// differing returns the keys of two structs of one type that differ and are not exchanged. A section is named as a whole
// unless a reload exchanges some of it. section ends in a dot, or is empty.
func differing(section string, before, after reflect.Value) []string {
	var keys []string
	for i := range before.NumField() {
		b, a := before.Field(i), after.Field(i)
		name, options, _ := strings.Cut(before.Type().Field(i).Tag.Get("yaml"), ",")
		key := section + name
		switch {
		case name == "-":
		case options == "inline":
			keys = append(keys, differing(section, b, a)...)
		case slices.Contains(exchanged[:], key):
		case slices.ContainsFunc(exchanged[:], func(e string) bool { return strings.HasPrefix(e, key+".") }):
			keys = append(keys, differing(key+".", b, a)...)
		case !reflect.DeepEqual(b.Interface(), a.Interface()):
			keys = append(keys, key)
		}
	}
	return keys
}
