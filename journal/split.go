package journal

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/huff0"
)

// Limits of the shapes that documents are sorted by. A document beyond them is kept in one piece.
const (
	maxTemplates = 256
	maxColumns   = 512
	// triedTemplates is how many shapes are tried before a document is taken apart anew.
	triedTemplates = 8
)

// splitter sorts the values of documents by where they stand: the providers of all documents one behind the other,
// then their durations, and so on. What stands around the values, the template, is there once for all documents of
// the same shape. Both compress far better than whole documents.
type splitter struct {
	words     indexer
	templates []*template // seen so far, the last used first
	byShape   map[string]*template
	rest      *template   // of documents that are kept in one piece
	used      []*template // of this block, in the order of their numbers
	order     []byte      // number of the template of each document
	values    [][]byte    // of the document at hand
	huff      huff0.Scratch
}

// template is the shape of documents: pieces of text that stand around the values.
type template struct {
	pieces [][]byte // one more than there are values
	fields []field
	number int // in the block at hand, when columns are in use
	// columns are the values of this block.
	columns []column
	active  bool
}

// field is a place for a value.
type field struct {
	name   knownName
	depth  int
	digits int
	text   bool // in quotes
	kind   fieldKind
}

type fieldKind uint8

const (
	valueField fieldKind = iota
	timeField            // the document's time, which filters do not hold
	wholeField           // a document in one piece
)

func newSplitter() *splitter {
	s := &splitter{byShape: map[string]*template{}}
	s.huff.Reuse = huff0.ReusePolicyNone // each column has its own table
	return s
}

// beginSegment forgets which columns of the last segment had many values.
func (s *splitter) beginSegment() {
	for _, t := range s.byShape {
		t.beginSegment()
	}
}

// reset begins a block. The documents of the block before are not needed any more.
func (s *splitter) reset() {
	s.words.reset()
	if len(s.templates) > maxTemplates {
		clear(s.byShape)
		s.templates = s.templates[:0]
	}
	for _, t := range s.used {
		t.active = false
	}
	s.used, s.order = s.used[:0], s.order[:0]
}

// add adds a document, which holds no 0, to the columns and its tokens to the filter. The document must not change
// before the next reset.
func (s *splitter) add(doc []byte) {
	t := s.find(doc)
	if !t.active {
		t.active, t.number = true, len(s.used)
		s.used = append(s.used, t)
		for i := range t.columns {
			t.columns[i].reset()
		}
	}
	s.order = binary.AppendUvarint(s.order, uint64(t.number))
	for i, v := range s.values {
		f := &t.fields[i]
		if !t.columns[i].add(v) {
			continue
		}
		switch f.kind {
		case wholeField:
			s.words.document(v)
		case valueField:
			s.words.value(f.name, v, f.depth, f.digits)
		}
	}
}

// find returns the template of doc and leaves its values in s.values.
func (s *splitter) find(doc []byte) *template {
	for i, t := range s.templates[:min(len(s.templates), triedTemplates)] {
		if s.match(t, doc) {
			if i > 0 {
				copy(s.templates[1:i+1], s.templates[:i])
				s.templates[0] = t
			}
			return t
		}
	}
	t := s.cut(doc)
	shape := t.shape()
	if known := s.byShape[shape]; known != nil {
		return known
	}
	if len(s.used) >= maxTemplates || len(t.fields) > maxColumns {
		return s.whole(doc)
	}
	t.keep()
	s.byShape[shape] = t
	s.templates = slices.Insert(s.templates, 0, t)
	return t
}

// whole returns the template of documents that have no other.
func (s *splitter) whole(doc []byte) *template {
	s.values = append(s.values[:0], doc)
	if s.rest == nil {
		s.rest = &template{pieces: make([][]byte, 2), fields: []field{{kind: wholeField}}}
		s.rest.keep()
	}
	return s.rest
}

// shape returns text that no other template has.
func (t *template) shape() string {
	var shape []byte
	for i, p := range t.pieces {
		kind := byte('v')
		if i < len(t.fields) && t.fields[i].text {
			kind = '"'
		}
		shape = append(append(shape, p...), 0, kind) // pieces hold no 0
	}
	return string(shape)
}

// keep copies what t has of a document.
func (t *template) keep() {
	for i, p := range t.pieces {
		t.pieces[i] = bytes.Clone(p)
	}
	t.columns = make([]column, len(t.fields))
	t.beginSegment()
}

// beginSegment lets columns that had too many different values try again.
func (t *template) beginSegment() {
	for i := range t.columns {
		f := &t.fields[i]
		t.columns[i].many = f.kind != valueField || f.name.values == uniqueValues && f.depth == 1
	}
}

// match tells whether doc has the shape of t, and leaves its values in s.values.
func (s *splitter) match(t *template, doc []byte) bool {
	s.values = s.values[:0]
	for i, piece := range t.pieces {
		if !bytes.HasPrefix(doc, piece) {
			return false
		}
		doc = doc[len(piece):]
		if i == len(t.fields) {
			break
		}
		end := 0
		switch {
		case t.fields[i].text:
			end = stringEnd(doc, 0)
		case len(doc) == 0 || doc[0] != '-' && !inWord(doc[0]):
			return false
		default:
			end = literalEnd(doc, 0)
		}
		s.values = append(s.values, doc[:end])
		doc = doc[end:]
	}
	return len(doc) == 0
}

// cut takes doc apart as indexer.document does. The template's pieces are parts of doc.
func (s *splitter) cut(doc []byte) *template {
	t := &template{}
	s.values = s.values[:0]
	depth, i, from := 0, 0, 0
	value := func(f field, start, end int) {
		t.pieces = append(t.pieces, doc[from:start])
		t.fields = append(t.fields, f)
		s.values = append(s.values, doc[start:end])
		from = end
	}
	if end := timeEnd(doc); end > 0 {
		inside := stringEnd(doc, len(timePrefix))
		value(field{kind: timeField, text: true}, len(timePrefix), inside)
		depth, i = 1, end
	}
	var name knownName
	for i < len(doc) {
		switch c := doc[i]; {
		case c == '"':
			end := stringEnd(doc, i+1)
			if end+1 < len(doc) && doc[end+1] == ':' {
				if depth == 1 {
					text := doc[i+1 : end]
					name = knownName{values: varietyOf(text), hash: xxhash.Sum64(text)}
				}
				i = end + 2
				continue
			}
			value(field{name: name, depth: depth, digits: minDigits, text: true}, i+1, end)
			i = end + 1
		case c == '{' || c == '[':
			depth++
			i++
		case c == '}' || c == ']':
			depth--
			i++
		case c == '-' || inWord(c):
			end := literalEnd(doc, i)
			value(field{name: name, depth: depth, digits: minNumber}, i, end)
			i = end
		default:
			i++
		}
	}
	t.pieces = append(t.pieces, doc[from:])
	return t
}
