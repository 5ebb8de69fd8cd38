package outbox

import "github.com/prometheus/client_golang/prometheus"

// Registered registers metrics that can be taken back together.
type Registered struct {
	reg prometheus.Registerer
	all []prometheus.Collector
}

// Take returns what registers with reg.
func Take(reg prometheus.Registerer) *Registered { return &Registered{reg: reg} }

// Register is what metrics are registered with.
func (r *Registered) Register(c prometheus.Collector) error {
	err := r.reg.Register(c)
	if err == nil {
		r.all = append(r.all, c)
	}
	return err
}

// MustRegister panics where Register fails: names of metrics are constants, those of receivers are checked.
func (r *Registered) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if err := r.Register(c); err != nil {
			panic(err)
		}
	}
}

// Unregister takes one back.
func (r *Registered) Unregister(c prometheus.Collector) bool { return r.reg.Unregister(c) }

// Undo takes all back.
func (r *Registered) Undo() {
	for _, c := range r.all {
		r.reg.Unregister(c)
	}
	r.all = nil
}
