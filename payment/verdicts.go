package payment

import (
	"fmt"

	"gatewatch/event"
)

// whyOutcome says what decided the outcome, and what else spoke and had to give way.
func (c *Classifier) whyOutcome(ev *event.Event, on basis) []Reason {
	p := &ev.Payment
	outcome := ""
	if p.Outcome != event.OutcomeNone {
		outcome = p.Outcome.String()
	}
	if p.Provider == "" {
		if ev.Fact(event.Code) == nil && ev.Fact(event.Status) == nil {
			return nil
		}
		return []Reason{{Fact: "payment.outcome", Why: "the record names no provider, and codes mean something only with one: name the field under fields:, as in {provider: channel_code}"}}
	}
	all := []Reason{{Fact: "payment.outcome", Value: outcome, Why: c.whyDecided(ev, on)}}
	prov := c.lookProvider(p.Provider)
	for _, k := range [...]event.Key{event.SubCode, event.Code, event.Status} {
		if raw := ev.Fact(k); raw != nil {
			if why := c.whyNot(ev, prov, k, raw, on); why != "" {
				all = append(all, Reason{Fact: k.String(), Why: fmt.Sprintf("%q does not decide: %s", raw, why)})
			}
		}
	}
	if ev.Status > 0 && on != onHTTP && on != onAnswer {
		all = append(all, Reason{Fact: event.HTTPStatus.String(), Why: fmt.Sprintf("%d does not decide: an HTTP status is asked last, because providers answer refusals with 200", ev.Status)})
	}
	return all
}

func (c *Classifier) lookProvider(name string) *provider {
	if prov := c.known[name]; prov != nil {
		return prov
	}
	return &provider{name: name}
}

func (c *Classifier) whyDecided(ev *event.Event, on basis) string {
	p := &ev.Payment
	prov := c.lookProvider(p.Provider)
	switch on {
	case onCode:
		for _, k := range [...]event.Key{event.SubCode, event.Code} {
			if raw := ev.Fact(k); len(raw) > 0 {
				if r := c.lookUp(prov, raw); r.outcome == p.Outcome && r.code == p.Code {
					return c.whyCode(prov, k, raw, r)
				}
			}
		}
	case onUnknownCode:
		return fmt.Sprintf("code %s: the table of %s does not have it; payments.outcomes can", p.Code, p.Provider)
	case onStatus:
		return c.whyStatus(ev, prov)
	case onError:
		return "the error message tells of trouble on the way: " + errorSign(ev)
	case onHTTP:
		return fmt.Sprintf("nothing but the HTTP status %d says what happened", ev.Status)
	case onAnswer:
		return fmt.Sprintf("the call that moves money (%s) was answered with HTTP %d, and nothing says otherwise", p.Operation, ev.Status)
	case onBegin:
		return "not the result of an attempt: a call begins, or an order waits for its payer"
	}
	return "nothing in the record says how the attempt ended"
}

// whyCode explains the row of a code.
func (c *Classifier) whyCode(prov *provider, k event.Key, raw []byte, r row) string {
	name := "code"
	if k == event.SubCode {
		name = "sub_code"
	}
	if r.about == nil {
		return fmt.Sprintf("%s %q is not in the table of %s; as a word or an HTTP status it means %s", name, raw, prov.name, r.outcome)
	}
	return fmt.Sprintf("%s %s of %s → %s", name, raw, prov.name, r.text())
}

// text is what the table says of the code.
func (r row) text() string {
	class := r.outcome.String()
	if r.none {
		class = "none"
	}
	if r.about == nil {
		return class
	}
	text := class
	if r.about.note != "" {
		text += ": " + r.about.note
	}
	if r.about.source != "" {
		text += " (source: " + r.about.source + ")"
	}
	if r.about.file != outcomesFile {
		text += ", from " + r.about.file
	}
	return text
}

func (c *Classifier) whyStatus(ev *event.Event, prov *provider) string {
	raw := ev.Fact(event.Status)
	switch {
	case raw == nil:
		return fmt.Sprintf("the code %q is only a word; it says %s", ev.Fact(event.Code), ev.Payment.Outcome)
	case ev.Stated:
		return fmt.Sprintf("the configuration says that the status means %s", raw)
	case prov.codes != nil:
		if r := prov.codes.get(raw); r.known {
			return fmt.Sprintf("status %s of %s → %s", raw, prov.name, r.text())
		}
	}
	if len(raw) == 1 && ev.Payment.Outcome != event.Unclassed {
		return fmt.Sprintf("status %s is a state of jeepay, whose names the fields have", raw)
	}
	if ev.Payment.Outcome == event.Unclassed {
		return fmt.Sprintf("status %q says that it failed, and nothing says why", raw)
	}
	return fmt.Sprintf("the word %q", raw)
}

// whyNot says why a code or a status that the record has decided nothing, or "" when it did.
func (c *Classifier) whyNot(ev *event.Event, prov *provider, k event.Key, raw []byte, on basis) string {
	if k == event.Status {
		switch {
		case on == onStatus:
			return ""
		case on == onCode:
			return "the code says more"
		case on == onBegin:
			return ""
		}
		switch v, _ := c.statusVerdict(ev, prov, raw); v.kind {
		case failed:
			return "it says that the attempt failed, not why"
		case said:
			return "a gateway says that it waits when the provider failed"
		}
		return "it says nothing of how the attempt ended"
	}
	r := c.lookUp(prov, raw)
	switch {
	case on == onCode && r.outcome == ev.Payment.Outcome && r.code == ev.Payment.Code, on == onUnknownCode && r.code == ev.Payment.Code:
		return ""
	case on == onBegin:
		return ""
	case r.known && r.outcome == event.Unclassed:
		return "it says only that the call failed (" + r.text() + ")"
	case r.known && on == onStatus:
		return "the status says more"
	case on == onCode:
		return "the sub_code says more"
	case len(raw) == 1 && raw[0] == '0':
		return "0 is the gateway's own word for a call that worked"
	}
	return "the table of " + prov.name + " does not have it"
}

// errorSign returns the beginning of the text that told of trouble.
func errorSign(ev *event.Event) string {
	const most = 80
	for _, k := range [...]event.Key{event.ErrorMessage, event.ErrorStack} {
		if text := ev.Fact(k); len(text) > 0 {
			if len(text) > most {
				return fmt.Sprintf("%q…", text[:most])
			}
			return fmt.Sprintf("%q", text)
		}
	}
	return ""
}
