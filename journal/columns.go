package journal

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// Limits of the shapes that documents are sorted by. A document beyond them is kept in one piece.
const (
	maxTemplates = 256
	maxColumns   = 512
	// triedTemplates is how many shapes are tried before a document is taken apart anew.
	triedTemplates = 8
	// maxColumnsOverhead is by how much the columns of a body may be larger than the body.
	maxColumnsOverhead = 8 << 20
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
}

// template is the shape of documents: pieces of text that stand around the values.
type template struct {
	pieces [][]byte // one more than there are values
	fields []field
	number int // in the block at hand, when columns are in use
	// columns are the values of this block, each with a 0 behind it.
	columns [][]byte
	last    [][]byte // the values of the last document
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

func newSplitter() *splitter { return &splitter{byShape: map[string]*template{}} }

// reset begins a block.
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

// add adds a document, which holds no 0, to the columns and its tokens to the filter.
func (s *splitter) add(doc []byte) {
	t := s.find(doc)
	if !t.active {
		t.active, t.number = true, len(s.used)
		s.used = append(s.used, t)
		for i := range t.columns {
			t.columns[i], t.last[i] = t.columns[i][:0], nil
		}
	}
	s.order = binary.AppendUvarint(s.order, uint64(t.number))
	for i, v := range s.values {
		t.columns[i] = append(append(t.columns[i], v...), 0)
		f := &t.fields[i]
		switch {
		case f.kind == wholeField:
			s.words.document(v)
		case f.kind == valueField && (t.last[i] == nil || !bytes.Equal(t.last[i], v)):
			s.words.value(f.name, v, f.depth, f.digits)
			t.last[i] = v
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
	t.columns = make([][]byte, len(t.fields))
	t.last = make([][]byte, len(t.fields))
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

// appendTo appends head, then the templates, which document has which, and the columns.
func (s *splitter) appendTo(dst, head []byte) []byte {
	dst = appendBytes(dst, head)
	dst = binary.AppendUvarint(dst, uint64(len(s.used)))
	for _, t := range s.used {
		dst = binary.AppendUvarint(dst, uint64(len(t.pieces)))
		for _, p := range t.pieces {
			dst = appendBytes(dst, p)
		}
		for _, c := range t.columns {
			dst = binary.AppendUvarint(dst, uint64(len(c)))
		}
	}
	dst = append(dst, s.order...)
	for _, t := range s.used {
		for _, c := range t.columns {
			dst = append(dst, c...)
		}
	}
	return dst
}

// joinColumns appends to dst the body that appendTo sorted: the head and the documents.
func joinColumns(dst, columns []byte, h *header) ([]byte, error) {
	d := decoder{b: columns}
	dst = append(dst, d.bytes(d.uvarint())...)
	templates, err := d.templates()
	if err != nil {
		return nil, err
	}
	order := d
	for range h.records {
		d.uvarint()
	}
	for _, t := range templates {
		for i, n := range t.sizes {
			t.columns[i] = d.bytes(n)
		}
	}
	if d.bad || len(d.b) > 0 {
		return nil, errBody
	}
	for range h.records {
		k := order.uvarint()
		if k >= uint64(len(templates)) {
			return nil, errBody
		}
		var ok bool
		if dst, ok = templates[k].join(dst); !ok || len(dst) > h.rawLen {
			return nil, errBody
		}
	}
	if len(dst) != h.rawLen {
		return nil, errBody
	}
	return dst, nil
}

// joiner puts documents of one template together.
type joiner struct {
	pieces, columns [][]byte
	sizes           []uint64
}

func (d *decoder) templates() ([]*joiner, error) {
	n := d.uvarint()
	if n > maxTemplates+1 {
		return nil, errBody
	}
	all := make([]*joiner, n)
	for i := range all {
		pieces := d.uvarint()
		if pieces < 1 || pieces > maxColumns+1 {
			return nil, errBody
		}
		t := &joiner{columns: make([][]byte, pieces-1)}
		for range pieces {
			t.pieces = append(t.pieces, d.bytes(d.uvarint()))
		}
		for range pieces - 1 {
			t.sizes = append(t.sizes, d.uvarint())
		}
		all[i] = t
	}
	if d.bad {
		return nil, errBody
	}
	return all, nil
}

// join appends the next document.
func (t *joiner) join(dst []byte) ([]byte, bool) {
	for i, column := range t.columns {
		n := bytes.IndexByte(column, 0)
		if n < 0 {
			return dst, false
		}
		dst = append(append(dst, t.pieces[i]...), column[:n]...)
		t.columns[i] = column[n+1:]
	}
	return append(dst, t.pieces[len(t.columns)]...), true
}
