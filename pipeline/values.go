package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatewatch/event"
	"gatewatch/internal/invalid"
	"gatewatch/payment"
)

// mappable are the facts whose values the configuration may say the meaning of.
var mappable = []event.Key{
	event.Provider, event.Method, event.Operation, event.Status, event.Code, event.SubCode, event.Currency,
}

// meanings say what the values of one fact mean.
type meanings struct {
	fact event.Key
	of   map[string][]byte
}

// newMeanings makes the values of a group's configuration, which must be valid. Those of a gateway are mostly in one
// case: what the configuration writes counts as it stands, in lower and in upper case.
func newMeanings(values map[string]map[string]string) []meanings {
	var all []meanings
	for _, fact := range slices.Sorted(maps.Keys(values)) {
		k, _ := event.ParseKey(fact)
		m := meanings{k, map[string][]byte{}}
		for value, meaning := range values[fact] {
			for _, spelling := range []string{strings.ToLower(value), strings.ToUpper(value), value} {
				m.of[spelling] = []byte(meaning)
			}
		}
		all = append(all, m)
	}
	return all
}

// apply puts the meaning in the place of the value. The field keeps its value, and stands under "fields" with it, but for
// a customer's number.
func (m *meanings) apply(ev *event.Event) {
	meaning, ok := m.of[string(ev.Fact(m.fact))]
	if !ok {
		return
	}
	for i := range ev.Fields {
		if f := &ev.Fields[i]; f.Key == m.fact && f.Key != event.CustomerKey {
			f.Key = event.None
		}
	}
	ev.SetFact(m.fact, meaning)
	ev.Stated = ev.Stated || m.fact == event.Status
}

// checkValues reports values that cannot mean what the configuration says.
func (c *GroupConfig) checkValues(bad *invalid.Mistakes) {
	for _, fact := range slices.Sorted(maps.Keys(c.Values)) {
		at := "values." + fact
		k, ok := event.ParseKey(fact)
		if !ok || !slices.Contains(mappable, k) {
			bad.Add(at, "values of this cannot be given a meaning; those of provider, method, operation, status, code, sub_code and currency can")
			continue
		}
		for _, value := range slices.Sorted(maps.Keys(c.Values[fact])) {
			if text := checkMeaning(k, value, c.Values[fact][value]); text != "" {
				bad.Add(at+"."+value, "%s", text)
			}
		}
	}
}

// checkMeaning says what is wrong with a meaning, or "".
func checkMeaning(k event.Key, value, meaning string) string {
	switch {
	case value == "" && k != event.Provider:
		return "a record that does not say it can only be given a provider"
	case k == event.Status && !payment.IsStatement(meaning):
		return fmt.Sprintf("a status means an outcome class (approved, pending, customer, issuer_policy, fraud, data, duplicate, provider_down, unknown_outcome, merchant_config, throttled), failed or none, not %q", meaning)
	case k == event.Operation && !slices.Contains(payment.Operations(), meaning):
		return fmt.Sprintf("must be one of %s, not %q", strings.Join(payment.Operations(), ", "), meaning)
	case !isWord(meaning):
		return fmt.Sprintf("must be a word of letters, digits and _ - . :, not %q", meaning)
	}
	return ""
}

// isWord tells whether text needs no escape and fits a label.
func isWord(text string) bool {
	const most = 64
	for _, c := range []byte(text) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > ':') && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return text != "" && len(text) <= most
}
