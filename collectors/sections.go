package collectors

import (
	"iter"
	"reflect"
	"strings"

	"gatewatch/collectors/collect"
)

// sections yields what c switches on, by the keys of the configuration and in the order of the fields. It reflects, so
// that the fields of Config are the one list of what can be watched: a kind that is left out of a second list would be
// accepted in the configuration and never collected.
func (c *Config) sections() iter.Seq2[string, collect.Section] {
	return func(yield func(string, collect.Section) bool) {
		for of, field := range reflect.ValueOf(c).Elem().Fields() {
			if field.Kind() != reflect.Pointer {
				field = field.Addr()
			}
			s, ok := field.Interface().(collect.Section)
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
