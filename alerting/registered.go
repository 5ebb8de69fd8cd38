package alerting

import "github.com/prometheus/client_golang/prometheus"

// registered registers metrics that can be taken back together.
type registered struct {
	reg prometheus.Registerer
	all []prometheus.Collector
}

// Register is what metrics are registered with.
func (r *registered) Register(c prometheus.Collector) error {
	err := r.reg.Register(c)
	if err == nil {
		r.all = append(r.all, c)
	}
	return err
}

// MustRegister panics where Register fails: names of metrics are constants, those of receivers are checked.
func (r *registered) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if err := r.Register(c); err != nil {
			panic(err)
		}
	}
}

// Unregister takes one back.
func (r *registered) Unregister(c prometheus.Collector) bool { return r.reg.Unregister(c) }

// undo takes all back.
func (r *registered) undo() {
	for _, c := range r.all {
		r.reg.Unregister(c)
	}
	r.all = nil
}
