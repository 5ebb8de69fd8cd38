package collectors

import (
	"iter"
	"log/slog"
	"reflect"
	"strings"
	"time"
)

// section is a kind of thing that is watched: the type of one field of Config. Its file holds all of it: the keys, what
// is left out of them, what is wrong with them, and what collects.
type section interface {
	setDefaults()
	// Validate returns every mistake as invalid.Mistakes.
	Validate() error
	// collectors returns what the section switches on. It is valid.
	collectors(e env) ([]collector, error)
	// catalogue lists every metric that they can give.
	catalogue() []Metric
}

// env is what sections share.
type env struct {
	log *slog.Logger
	// notes takes what is told as a document.
	notes Notes
	// interval is how often what has no interval of its own is collected.
	interval time.Duration
	// dataDir is where a collector may keep what it has to know after a restart; "" for nowhere.
	dataDir string
	// given are names that a section gives and that files of the textfile collector may hold as well.
	given []string
	// host says where /proc, /sys and / are seen, also when the host itself is not watched.
	host HostConfig
	// names are those of the metrics that the others give, for what tells metrics of others.
	names givenNames
}

// sections yields what c switches on, by the keys of the configuration and in the order of the fields. It reflects, so
// that the fields of Config are the one list of what can be watched: a kind that is left out of a second list would be
// accepted in the configuration and never collected.
func (c *Config) sections() iter.Seq2[string, section] {
	return func(yield func(string, section) bool) {
		for of, field := range reflect.ValueOf(c).Elem().Fields() {
			if field.Kind() != reflect.Pointer {
				field = field.Addr()
			}
			s, ok := field.Interface().(section)
			key, _, _ := strings.Cut(of.Tag.Get("yaml"), ",")
			if ok && !field.IsNil() && !yield(key, s) {
				return
			}
		}
	}
}

// everySection returns a configuration in which no section is switched off. It reflects, as sections does.
func everySection() *Config {
	c := new(Config)
	for _, field := range reflect.ValueOf(c).Elem().Fields() {
		if field.Kind() == reflect.Pointer {
			field.Set(reflect.New(field.Type().Elem()))
		}
	}
	return c
}
