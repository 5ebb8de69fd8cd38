package journal

import (
	"bytes"

	"github.com/cespare/xxhash/v2"

	"gatewatch/event"
)

// maxPairBytes is the longest value that a filter holds together with its name.
const maxPairBytes = 256

// indexer collects what a block's filter holds: the words of all values, and the pairs of a name and a value where
// names have few values, such as providers and codes.
type indexer struct {
	seen   hashSet // values and tokens of this block
	hashes []uint64
	names  []knownName // of the last documents, by their place in the document
	folded []byte
	tokens []uint64
}

// knownName is a name of a field as it stood at one place of the last document. The next document mostly has the same
// name there, which is then not looked at again.
type knownName struct {
	text []byte // "name":
	few  bool
	hash uint64
}

func (x *indexer) reset() {
	x.seen.reset()
	x.hashes = x.hashes[:0]
}

// source adds what the source gives to all its records.
func (x *indexer) source(s *event.Source) {
	constants(s, func(name, value string) {
		text := event.AppendJSONString(nil, value)
		x.token(pairHash(xxhash.Sum64String(name), text[1:len(text)-1]))
	})
}

// pairHash returns the hash of a name and its value, as it stands in JSON without quotes.
func pairHash(name uint64, value []byte) uint64 { return 31*name + xxhash.Sum64(value) }

// document adds the values of a document.
func (x *indexer) document(doc []byte) {
	depth, place, i := 0, 0, 0
	if end := timeEnd(doc); end > 0 {
		depth, i = 1, end
	}
	var name knownName
	for i < len(doc) {
		switch c := doc[i]; {
		case c == '"':
			if depth == 1 && place < len(x.names) && bytes.HasPrefix(doc[i:], x.names[place].text) {
				name = x.names[place]
				place++
				i += len(name.text)
				continue
			}
			end := stringEnd(doc, i+1)
			if end+1 < len(doc) && doc[end+1] == ':' {
				if depth == 1 {
					name = x.learn(place, doc[i:end+2])
					place++
				}
				i = end + 2
				continue
			}
			x.value(name, doc[i+1:end], depth, minDigits)
			i = end + 1
		case c == '{' || c == '[':
			depth++
			i++
		case c == '}' || c == ']':
			depth--
			i++
		case c == '-' || inWord(c):
			end := literalEnd(doc, i)
			x.value(name, doc[i:end], depth, minNumber)
			i = end
		default:
			i++
		}
	}
}

// learn notes the name, given as "name":, that stands at a place of the document.
func (x *indexer) learn(place int, text []byte) knownName {
	name := text[1 : len(text)-2]
	if place == len(x.names) {
		x.names = append(x.names, knownName{})
	}
	known := knownName{few: fewValues(name), hash: xxhash.Sum64(name)}
	if place < len(x.names) {
		known.text = append(x.names[place].text[:0], text...)
		x.names[place] = known
	}
	return known
}

// value adds a value of the field. Values that the block had before are done.
func (x *indexer) value(name knownName, text []byte, depth, digits int) {
	if depth == 1 && name.few && len(text) <= maxPairBytes {
		h := pairHash(name.hash, text)
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

// fewValues tells whether fields of that name have few enough values to be held together with them.
func fewValues(name []byte) bool {
	switch string(name) {
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
