package journal

import (
	"bytes"

	"github.com/cespare/xxhash/v2"

	"gatewatch/event"
)

// maxPairBytes is the longest value that a filter holds together with its name.
const maxPairBytes = 256

// indexer collects what a block's filter holds: the words of all values, and the pairs of a name and a value where
// names have few values, such as providers and codes. The pairs are hashed as they stand in the document,
// name":"value, so that one pass over the bytes finds them.
type indexer struct {
	seen   hashSet // values and tokens of this block
	hashes []uint64
	folded []byte
	tokens []uint64
}

func (x *indexer) reset() {
	x.seen.reset()
	x.hashes = x.hashes[:0]
}

// source adds what the source gives to all its records.
func (x *indexer) source(s *event.Source) {
	constants(s, func(name, value string) {
		x.token(xxhash.Sum64(pairText(name, value)))
	})
}

// document adds the values of a document.
func (x *indexer) document(doc []byte) {
	depth, name, i := 0, 0, 0 // name is where the last name begins
	if end := timeEnd(doc); end > 0 {
		depth, i = 1, end
	}
	for i < len(doc) {
		switch c := doc[i]; {
		case c == '"':
			end := stringEnd(doc, i+1)
			if end+1 < len(doc) && doc[end+1] == ':' {
				name = i + 1
				i = end + 2
				continue
			}
			x.value(doc[name:end], i+1-name, depth, minDigits)
			i = end + 1
		case c == '{' || c == '[':
			depth++
			i++
		case c == '}' || c == ']':
			depth--
			i++
		case c == '-' || inWord(c):
			end := literalEnd(doc, i)
			x.value(doc[name:end], i-name, depth, minNumber)
			i = end
		default:
			i++
		}
	}
}

// value adds a value: pair is name":"value, with the value from at on. Values that the block had before are done.
func (x *indexer) value(pair []byte, at, depth, digits int) {
	text := pair[at:]
	if depth == 1 && len(text) <= maxPairBytes && fewValues(pair) {
		h := xxhash.Sum64(pair)
		if !x.seen.add(h) {
			return
		}
		x.hashes = append(x.hashes, h)
	} else if digits == minNumber && shortNumber(text) || !x.seen.add(^xxhash.Sum64(text)+uint64(digits)) {
		return
	}
	x.folded = foldCase(x.folded[:0], text)
	x.tokens = appendTokens(x.tokens[:0], x.folded, digits)
	for _, h := range x.tokens {
		x.token(h)
	}
}

// shortNumber tells whether text is an integer that a filter does not hold.
func shortNumber(text []byte) bool {
	if len(text) >= minNumber {
		return false
	}
	for _, c := range text {
		if classes[c] != digit {
			return false
		}
	}
	return true
}

func (x *indexer) token(h uint64) {
	if x.seen.add(h) {
		x.hashes = append(x.hashes, h)
	}
}

// fewValues tells whether the name that pair begins with has few enough values to be held together with them.
func fewValues(pair []byte) bool {
	end := bytes.IndexByte(pair, '"')
	if end < 0 {
		return false
	}
	switch string(pair[:end]) {
	case "message", "trace.id", "event.duration", "nginx.upstream.duration", "http.response.body.bytes", "url.original",
		"http.request.referrer", "user_agent.original", "error.message", "error.stack_trace", "payment.amount",
		"payment.order_id", "payment.transaction_id":
		return false
	}
	return true
}

// constants calls yield with each field that s gives to all its records.
func constants(s *event.Source, yield func(name, value string)) {
	yield("host.name", s.Host)
	yield("log.file.path", s.Path)
	yield("event.dataset", s.Dataset)
	for name, value := range s.Labels {
		if name == "service" {
			yield("service.name", value)
		}
		yield("labels."+name, value)
	}
}

// pairText returns the pair of a name and a text as it stands in documents, without the outer quotes.
func pairText(name, value string) []byte {
	pair := append(event.AppendJSONString(nil, name), ':')
	pair = event.AppendJSONString(pair, value)
	return pair[1 : len(pair)-1]
}

// timePrefix begins every canonical document. The time is searched for with From and To, not as text.
const timePrefix = `{"@timestamp":"`

// timeEnd returns where the time ends that doc begins with, or 0.
func timeEnd(doc []byte) int {
	if len(doc) < len(timePrefix) || string(doc[:len(timePrefix)]) != timePrefix {
		return 0
	}
	return min(stringEnd(doc, len(timePrefix))+1, len(doc))
}

// stringEnd returns where the string ends whose inside begins at doc[i]: the place of its quote.
func stringEnd(doc []byte, i int) int {
	for {
		n := bytes.IndexByte(doc[i:], '"')
		if n < 0 {
			return len(doc)
		}
		i += n
		if !escaped(doc, i) {
			return i
		}
		i++
	}
}

// escaped tells whether an odd number of backslashes stands before doc[i].
func escaped(doc []byte, i int) bool {
	n := 0
	for i > n && doc[i-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

// literalEnd returns where the number, true, false or null at doc[i] ends.
func literalEnd(doc []byte, i int) int {
	for i++; i < len(doc); i++ {
		switch doc[i] {
		case ',', '}', ']', ' ', '\t', '\n', '\r', '"':
			return i
		}
	}
	return i
}

// hashSet is a set of hashes that is emptied for each block.
type hashSet struct {
	slots []uint64
	n     int
}

func (s *hashSet) reset() {
	clear(s.slots)
	s.n = 0
}

// add reports whether h was not in the set before.
func (s *hashSet) add(h uint64) bool {
	if 2*s.n >= len(s.slots) {
		s.grow()
	}
	if h == 0 {
		h = 1
	}
	mask := uint64(len(s.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case h:
			return false
		case 0:
			s.slots[i] = h
			s.n++
			return true
		}
	}
}

func (s *hashSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(1<<10, 2*len(old)))
	s.n = 0
	for _, h := range old {
		if h != 0 {
			s.add(h)
		}
	}
}
