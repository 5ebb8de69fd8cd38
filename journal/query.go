package journal

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"gatewatch/event"
)

// Query says which records are wanted. All conditions must hold.
type Query struct {
	// From and To bound the time: From is the first instant that is wanted, To the first that is not. A zero time is
	// no bound.
	From, To time.Time
	// Equal are fields with exact values.
	Equal []Match
	// Words are words that the values of a record hold, anywhere, in any case of ASCII letters. A word is matched as a
	// whole: "time" is not found in "timeout", but "time*" is, and "*out". Text that is not ASCII, such as Chinese,
	// is found inside longer text. Names of fields and the record's time are not looked at.
	Words []string
	// Limit is the most records wanted; 0 means 100, and there is no more than MaxHits.
	Limit int
	// Budget is how long the search may take; 0 means no bound.
	Budget time.Duration
}

// Match is a field and the value it must have.
type Match struct {
	// Name is a field of the document, or one that its source gives to all records: host.name, log.file.path,
	// event.dataset, service.name, labels.x. What the log itself wrote is fields.x, where x is the member's own name
	// at any depth.
	Name string
	// Value is compared as text, or as a number, true, false or null where it is one: 200 matches 200 and "200".
	Value string
}

// Limits of a search.
const (
	defaultHits = 100
	// MaxHits is the most records that one search returns.
	MaxHits = 10_000
	// maxHitBytes is the most memory that the documents of one search take. Beyond it the search ends early.
	maxHitBytes = 32 << 20
)

// fieldsPrefix begins the names of what the log wrote, and fieldsStart the object with it in documents.
const (
	fieldsPrefix = "fields."
	fieldsStart  = `,"fields":{`
)

// query is a Query made ready.
type query struct {
	from, to int64 // both inclusive
	equal    []equal
	words    []word
	limit    int
	// tokens must all be in a block's filter.
	tokens []uint64
}

func newQuery(q Query) *query {
	c := &query{from: math.MinInt64, to: math.MaxInt64, limit: min(q.Limit, MaxHits)}
	if c.limit <= 0 {
		c.limit = defaultHits
	}
	if !q.From.IsZero() {
		c.from = nanoseconds(q.From)
	}
	if !q.To.IsZero() {
		c.to = nanoseconds(q.To) - 1
	}
	for _, m := range q.Equal {
		c.equal = append(c.equal, newEqual(m))
	}
	for _, text := range q.Words {
		if w, ok := newWord(text); ok {
			c.words = append(c.words, w)
			c.tokens = append(c.tokens, w.tokens...)
		}
	}
	return c
}

// inRange tells whether something between those times can match.
func (q *query) inRange(minTime, maxTime int64) bool { return minTime <= q.to && maxTime >= q.from }

// skips tells whether the filter shows that no record of its block matches.
func (q *query) skips(filter []byte) bool {
	for _, t := range q.tokens {
		if !mayHold(filter, t) {
			return true
		}
	}
	for i := range q.equal {
		if !q.equal[i].mayBeIn(filter) {
			return true
		}
	}
	return false
}

// equal is a Match made ready.
type equal struct {
	name, value string
	inFields    bool
	forms       []form
}

// form is one way to write the field in a document.
type form struct {
	text   []byte
	number bool // no quotes: the value must end where the text does
	tokens []uint64
	finder *finder // of text, unless that is short
}

func newEqual(m Match) equal {
	e := equal{name: m.Name, value: m.Value}
	e.name, e.inFields = strings.CutPrefix(m.Name, fieldsPrefix)
	name := event.AppendJSONString(nil, e.name)
	value := event.AppendJSONString(nil, m.Value)
	e.addForm(append(append(bytes.Clone(name), ':'), value...), value[1:len(value)-1], false)
	if literal(m.Value) {
		e.addForm(append(append(name, ':'), m.Value...), []byte(m.Value), true)
	}
	return e
}

// addForm notes one way that text, name and value, may stand in a document, and the tokens that the filters of such
// documents' blocks have.
func (e *equal) addForm(text, value []byte, number bool) {
	f := form{text: text, number: number, finder: newFinder(text, false)}
	name := []byte(e.name)
	digits := minDigits
	if number {
		digits = minNumber
	}
	switch {
	case !e.inFields && e.name == "@timestamp", e.constant() && len(value) > maxPairBytes:
	case !e.inFields && len(value) <= maxPairBytes && varietyOf(name) == fewValues:
		f.tokens = []uint64{pairHash(xxhash.Sum64(name), value)}
	default:
		f.tokens = appendTokens(nil, foldCase(nil, value), digits)
	}
	e.forms = append(e.forms, f)
}

// mayBeIn tells whether the filter allows one of the forms.
func (e *equal) mayBeIn(filter []byte) bool {
	for _, f := range e.forms {
		all := true
		for _, t := range f.tokens {
			all = all && mayHold(filter, t)
		}
		if all {
			return true
		}
	}
	return false
}

// literal tells whether value may stand in JSON without quotes.
func literal(value string) bool {
	if value == "" || !inWord(value[0]) && value[0] != '-' {
		return false
	}
	return json.Valid([]byte(value))
}

// word is a word of a Query made ready.
type word struct {
	text        []byte // as it stands in JSON, in lower case
	left, right bool   // the word must begin, and end, there
	tokens      []uint64
	finder      *finder // of text, unless that is short
}

// newWord reports false when there is nothing to look for.
func newWord(text string) (w word, ok bool) {
	text, openRight := strings.CutSuffix(strings.TrimSpace(text), "*")
	text, openLeft := strings.CutPrefix(text, "*")
	if text == "" {
		return word{}, false
	}
	quoted := event.AppendJSONString(nil, text)
	w.text = foldCase(nil, quoted[1:len(quoted)-1])
	w.left = !openLeft && inWord(text[0])
	w.right = !openRight && inWord(text[len(text)-1])
	w.tokens = appendTokens(nil, w.certain(), minNumber)
	w.finder = newFinder(w.text, true)
	return w, true
}

// certain returns the part of the text whose tokens are tokens of the document too: where the word may go on, its
// first or last token may be a part of a longer one.
func (w *word) certain() []byte {
	text := w.text
	for !w.left && len(text) > 0 && inWord(text[0]) {
		text = text[1:]
	}
	for !w.right && len(text) > 0 && inWord(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}
