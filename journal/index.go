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
	text   []byte // "name":
	values variety
	hash   uint64
}

// variety says how the values of a field repeat.
type variety uint8

const (
	textValues   variety = iota // some come again
	fewValues                   // held together with the name
	uniqueValues                // none comes again
)

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
	known := knownName{values: varietyOf(name), hash: xxhash.Sum64(name)}
	if place < len(x.names) {
		known.text = append(x.names[place].text[:0], text...)
		x.names[place] = known
	}
	return known
}

// value adds a value of the field. Values that the block had before are done.
func (x *indexer) value(name knownName, text []byte, depth, digits int) {
	if depth > 1 {
		name.values = textValues
	}
	if digits == minNumber && name.values != fewValues && shortNumber(text) {
		return
	}
	switch name.values {
	case fewValues:
		if len(text) <= maxPairBytes {
			h := pairHash(name.hash, text)
			if !x.seen.add(h) {
				return
			}
			x.hashes = append(x.hashes, h)
		}
	case textValues:
		if !x.seen.add(^xxhash.Sum64(text) + uint64(digits)) {
			return
		}
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

// varietyOf returns how the values of the field with that name repeat.
func varietyOf(name []byte) variety {
	switch string(name) {
	case "trace.id", "event.duration", "nginx.upstream.duration", "http.response.body.bytes", "payment.amount",
		"payment.order_id", "payment.transaction_id":
		return uniqueValues
	case "message", "url.original", "http.request.referrer", "user_agent.original", "error.message", "error.stack_trace":
		return textValues
	}
	return fewValues
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
