package collectors

import "gatewatch/collectors/collect"

// Catalogue lists every metric that collectors can give, by kind in the order of the configuration's keys. It asks
// nothing and needs no configuration.
func Catalogue() []collect.Row {
	var all []collect.Row
	add := func(kind string, more []collect.Row) {
		for _, m := range more {
			m.Kind = kind
			all = append(all, m)
		}
	}
	add("", collect.CommonMetrics())
	for kind, s := range everySection().sections() {
		add(kind, s.Catalogue())
	}
	return all
}
