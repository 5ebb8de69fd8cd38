package payment

import "gatewatch/event"

// outcome decides the class of the record, by the first of these that says something:
//
//  1. the sub code, then the code, in the provider's table. "The call worked" gives way to a status that says more:
//     Alipay's 10000 with trade_status WAIT_BUYER_PAY is pending;
//  2. the status, in the provider's table, then by its word; a code the provider's table lacks makes it unclassed,
//     unless the status says that the payment goes on;
//  3. the error message, when it tells of trouble on the way (time-out, connection refused);
//  4. the HTTP status. A success code says that a payment was approved only when the record names an operation that moves
//     money and nothing else speaks.
//
// An attempt whose answer did not come in time has the code "timeout" when the provider gives none.
// "Failed" alone does not say why: the error message and the HTTP status decide, else the class is unclassed. A record that
// says that a call begins has no outcome.
//
// It returns what decided.
func (c *Classifier) outcome(ev *event.Event, prov *provider) basis {
	p := &ev.Payment
	coded, decided := c.byCode(ev, prov)
	status, statusCode := c.byStatus(ev, prov)
	switch {
	case decided && coded.outcome == event.Approved && status.kind != silent && !(status.kind == said && status.outcome == event.Approved) && status.kind != begun:
		return c.settle(ev, status, statusCode)
	case decided:
		p.Outcome, p.Code = coded.outcome, coded.code
		return onCode
	case coded.none, status.kind == begun && coded.code == "" && ev.Status < 400:
		return onBegin
	case coded.code != "" && !(status.kind == said && (status.outcome == event.Approved || status.outcome == event.Pending)):
		return c.unclassed(ev, coded.code)
	}
	return c.settle(ev, status, statusCode)
}

// basis is what an outcome rests on.
type basis uint8

const (
	onNothing basis = iota
	onCode
	onUnknownCode
	onStatus
	onError
	onHTTP
	onAnswer // the call that moves money was answered with success
	onBegin  // no outcome: a call begins, or an order waits for its payer
)

// byCode looks the sub code and the code up. decided is false when neither is in the table; the row then holds a code
// that the table lacks, if there is one.
func (c *Classifier) byCode(ev *event.Event, prov *provider) (r row, decided bool) {
	vague := row{}
	for _, k := range [...]event.Key{event.SubCode, event.Code} {
		raw := ev.Fact(k)
		if len(raw) == 0 {
			continue
		}
		found := c.lookUp(prov, raw)
		switch {
		case found.known && found.none:
			return found, false
		case found.known && found.outcome == event.Unclassed: // says only that it failed
			if vague.code == "" {
				vague = row{code: found.code, outcome: event.Unclassed}
			}
		case found.outcome != event.OutcomeNone && found.outcome != event.Unclassed:
			return found, true
		case vague.code == "":
			vague = found
		}
	}
	return vague, false
}

// lookUp finds a code in the provider's table, or by its words: gateways put "SUCCESS", "TIMEOUT" or an HTTP status where
// the code belongs.
func (c *Classifier) lookUp(prov *provider, raw []byte) row {
	found := row{}
	if len(raw) == 1 && raw[0] == '0' && (prov.codes == nil || !prov.codes.get(raw).known) {
		return found // the gateway's own "the call worked", which says nothing of the payment
	}
	if prov.codes != nil {
		if found = prov.codes.get(raw); found.known {
			return found
		}
	}
	switch v := c.words.get(raw); v.kind {
	case said:
		return row{outcome: v.outcome}
	case late:
		return row{code: v.code, outcome: event.UnknownOutcome}
	case failed, begun:
		return row{} // the status, the error message or the HTTP status say more
	}
	if status := httpStatus(raw); status > 0 {
		if v := judgeHTTP(status); v.kind == said {
			return row{outcome: v.outcome}
		} else if v.kind == late {
			return row{code: v.code, outcome: event.UnknownOutcome}
		}
		return row{}
	}
	return found
}

// httpStatus reads a code of three digits as an HTTP status.
func httpStatus(raw []byte) int {
	if len(raw) != 3 || raw[0] < '2' || raw[0] > '5' || raw[1] != '0' && raw[1] != '2' {
		return 0
	}
	n := 0
	for _, d := range raw {
		if d < '0' || d > '9' {
			return 0
		}
		n = n*10 + int(d-'0')
	}
	return n
}

// byStatus says what the status means, and its code when the provider's table has it.
func (c *Classifier) byStatus(ev *event.Event, prov *provider) (v verdict, code string) {
	word := verdict{}
	if raw := ev.Fact(event.Code); len(raw) > 0 {
		word = c.words.get(raw)
	}
	raw := ev.Fact(event.Status)
	if len(raw) == 0 {
		return word, "" // a code that is only a word ("FAIL") stands for the status
	}
	v, code = c.statusVerdict(ev, prov, raw)
	if v.kind == said && v.outcome == event.Approved && word.kind == failed {
		return word, "" // return_code=SUCCESS beside result_code=FAIL: the call arrived, and failed
	}
	return v, code
}

func (c *Classifier) statusVerdict(ev *event.Event, prov *provider, raw []byte) (v verdict, code string) {
	if ev.Stated {
		return stated(raw), ""
	}
	r := row{}
	if prov.codes != nil {
		r = prov.codes.get(raw)
	}
	switch {
	case !r.known && len(raw) == 1:
		return numericState(ev, raw[0]), ""
	case !r.known:
		return c.words.get(raw), ""
	case r.none:
		return verdict{kind: begun}, ""
	case r.outcome == event.Unclassed:
		return verdict{kind: failed}, r.code
	}
	return verdict{kind: said, outcome: r.outcome}, r.code
}

// settle turns a verdict into the outcome, with the error message and the HTTP status where it leaves them the word.
func (c *Classifier) settle(ev *event.Event, v verdict, code string) basis {
	p, on := &ev.Payment, onStatus
	if v.kind == said && v.outcome == event.Pending && ev.Status >= 500 && !ev.Stated {
		v, code = verdict{}, "" // a gateway that waits because the provider failed
	}
	if v.kind == silent || v.kind == failed || v.kind == begun {
		if trouble := c.byError(ev); trouble.kind != silent {
			v, code, on = trouble, "", onError
		} else if http := judgeHTTP(ev.Status); http.kind != silent {
			v, on = http, onHTTP
		} else if v.kind == silent && ev.Status >= 200 && ev.Status < 300 && movesMoney(p.Operation) {
			v, on = verdict{kind: said, outcome: event.Approved}, onAnswer
		}
	}
	switch v.kind {
	case said:
		p.Outcome, p.Code = v.outcome, code
	case failed:
		p.Outcome, p.Code = event.Unclassed, code
	case late:
		p.Outcome, p.Code = event.ProviderDown, v.code
		if p.Operation != query && p.Operation != callback {
			p.Outcome = event.UnknownOutcome
		}
	case begun:
		return onBegin
	default:
		return onNothing
	}
	return on
}

// unclassed keeps the code that the table lacks, unless trouble on the way explains the failure.
func (c *Classifier) unclassed(ev *event.Event, code string) basis {
	on := onUnknownCode
	if trouble := c.byError(ev); trouble.kind != silent {
		c.settle(ev, trouble, "")
		on = onError
	} else {
		ev.Payment.Outcome = event.Unclassed
	}
	ev.Payment.Code = code
	return on
}

// byError says whether the error message or the stack tells of trouble on the way.
func (c *Classifier) byError(ev *event.Event) verdict {
	for _, k := range [...]event.Key{event.ErrorMessage, event.ErrorStack} {
		if text := ev.Fact(k); len(text) > 0 {
			if v := judgeText(string(text[:min(len(text), maxErrorText)])); v.kind != silent {
				return v
			}
		}
	}
	return verdict{}
}

func movesMoney(operation string) bool {
	switch operation {
	case authorize, capture, refund, payout:
		return true
	}
	return false
}
