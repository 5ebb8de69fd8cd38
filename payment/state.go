package payment

import (
	"strings"

	"gatewatch/event"
)

// stated returns what a status of the configuration says: the name of an outcome class, failed or none.
func stated(word []byte) verdict {
	switch outcome, ok := event.ParseOutcome(string(word)); {
	case ok && outcome != event.Unclassed:
		return verdict{kind: said, outcome: outcome}
	case string(word) == "none":
		return verdict{kind: begun}
	}
	return verdict{kind: failed}
}

// IsStatement tells whether word is what a status can be said to mean: an outcome class, failed or none.
func IsStatement(word string) bool {
	_, class := event.ParseOutcome(word)
	return class || word == "failed" || word == "none"
}

// jeepayStates are the numbers that jeepay, and gateways made from it, give the states of an order.
var jeepayStates = [...]verdict{
	{kind: begun}, {kind: said, outcome: event.Pending}, {kind: said, outcome: event.Approved}, {kind: failed},
	{kind: said, outcome: event.Customer}, {kind: said, outcome: event.Approved}, {kind: said, outcome: event.Customer},
}

// numericState reads a state that is one digit. It means something only beside the names that jeepay gives its fields:
// orderState, or state in a record with a payOrderId.
func numericState(ev *event.Event, digit byte) verdict {
	if digit < '0' || int(digit-'0') >= len(jeepayStates) {
		return verdict{}
	}
	name := clean(lastPart(string(fieldName(ev, event.Status))))
	if name == "orderstate" || name == "state" && hasField(ev, "payorderid") {
		return jeepayStates[digit-'0']
	}
	return verdict{}
}

// hasField tells whether the record has a field with the cleaned name.
func hasField(ev *event.Event, name string) bool {
	for i := range ev.Fields {
		if f := ev.Fields[i].Name; len(f) >= len(name) && clean(lastPart(string(f))) == name {
			return true
		}
	}
	return false
}

// lastPart returns the name without the objects that it is in.
func lastPart(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
