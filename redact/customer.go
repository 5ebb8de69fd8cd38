package redact

import (
	"bytes"
	"strings"

	"gatewatch/internal/values"
)

// Customers says how the numbers of customers are written: by a key that stands for each.
type Customers struct {
	// Key returns the key of a customer's number: KeySize lower-case hexadecimal digits. It is called by Redact.
	Key func(number []byte) []byte
	// Names are further names of customers' numbers, and Others those that mean something else than usual.
	Names, Others []string
}

// KeySize is the length of a key that stands for a customer.
const KeySize = 16

// keyMark stands before a customer's key in a record.
const keyMark = '~'

// customerNames are the names of customers' numbers, in the words that package facts knows.
const customerNames = "customer_id customer_no customer_ref customer_reference cust_id cust_no user_id user_no buyer_id buyer_user_id " +
	"buyer_open_id open_id sub_open_id payer_id shopper_reference member_id member_no account_ref 用户编号 用户号 会员号"

// ForCustomers returns a Redactor that also puts keys in the place of customers' numbers, with a mark before each, where a
// name says that they are some: ~d37e9d7e4805aafe. It counts like r, and is as safe for concurrent use as c.Key.
func (r *Redactor) ForCustomers(c Customers) *Redactor {
	keyed := *r
	keyed.customer, keyed.keys = c, newKeyTable(r.cfg, c)
	return &keyed
}

// CustomerKey returns the key in value, if that is one with its mark.
func CustomerKey(value []byte) (key []byte, ok bool) {
	if len(value) != 1+KeySize || value[0] != keyMark {
		return nil, false
	}
	for _, c := range value[1:] {
		if !isDigit(c) && c-'a' >= 6 {
			return nil, false
		}
	}
	return value[1:], true
}

// takeCustomer puts a key in the place of the customer's number v, and returns where to go on.
func (s *scan) takeCustomer(k *key, v value, next int) int {
	text := s.in[v.from:v.to]
	if _, done := CustomerKey(text); done || isMasked(text) || len(text) == 1 && text[0] == '-' || !k.quoted && !v.quoted && isSentence(s.in, v) {
		return next
	}
	if bytes.IndexByte(text, '\\') >= 0 {
		text = values.AppendUnescaped(nil, text)
	}
	s.out = append(s.out, s.in[s.done:v.from]...)
	s.out = append(append(s.out, v.needs...), keyMark)
	s.out = append(s.out, s.r.customer.Key(text)...)
	s.out = append(s.out, v.needs...)
	s.out = appendBreaks(s.out, s.in[v.from:v.to])
	s.done, s.fresh = v.to, v.to
	s.count(customer, v.from, allStars)
	return v.to
}

// isSentence tells whether v is a word behind a name and a colon, as in "invalid user_id: must not be empty".
func isSentence(in []byte, v value) bool {
	if v.from == 0 || in[v.from-1] != ' ' {
		return false
	}
	for _, c := range in[v.from:v.to] {
		if c-'a' >= 26 {
			return false
		}
	}
	return true
}

// customerEnds are the ends of names that only customers' numbers have. Names that end in _id are many: six bytes tell
// nearly all of them apart, where the three of keyTable.ends do not.
type customerEnds struct {
	only [1 << 15 / 64]uint64
	six  [1 << 12 / 64]uint64
}

// mayEndBefore is keyTable.mayEndBefore for what that says yes to.
func (e *customerEnds) mayEndBefore(w uint64) bool {
	key, six := w>>32, w>>8
	if byte(w>>48) == '"' {
		key, six = w>>24, w
	}
	if h := endOf(key); e.only[h/64]>>(h%64)&1 == 0 {
		return true
	}
	h := sixOf(six)
	return e.six[h/64]>>(h%64)&1 == 1
}

// sixOf hashes the lowest six bytes of key, blind to case.
func sixOf(key uint64) uint64 { return key & 0x1f1f1f1f1f1f * 0x9E3779B97F4A7C15 >> 52 }

// addCustomers adds the names of customers' numbers.
func (t *keyTable) addCustomers(c Customers) {
	if c.Key == nil {
		return
	}
	names := append(strings.Fields(customerNames), c.Names...)
	others := map[string]bool{}
	for _, name := range c.Others {
		others[normalise(name)] = true
	}
	before := t.ends
	for _, name := range names {
		flat := normalise(name)
		if len(flat) < minKey || len(name) > maxKey || others[flat] || t.kinds[flat] != none {
			continue
		}
		t.kinds[flat] = customer
		for _, written := range []string{strings.ToLower(name), flat, strings.ReplaceAll(strings.ToLower(name), "_", "-")} {
			t.addEnd(written[len(written)-3:])
			t.customers.add(written)
		}
	}
	for i := range t.ends {
		t.customers.only[i] = t.ends[i] &^ before[i]
	}
}

// add adds the end of a name. Of a shorter one than six bytes it cannot say what stands before it.
func (e *customerEnds) add(name string) {
	if len(name) < 6 {
		for i := range e.six {
			e.six[i] = ^uint64(0)
		}
		return
	}
	var six uint64
	for i, c := range []byte(name[len(name)-6:]) {
		six |= uint64(c) << (8 * i)
	}
	h := sixOf(six)
	e.six[h/64] |= 1 << (h % 64)
}
