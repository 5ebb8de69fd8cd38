package journal

import (
	"bytes"
	"slices"
	"sort"
	"strings"

	"gatewatch/event"
)

// matcher finds the records of one block that a query wants.
type matcher struct {
	q       *query
	records []Record // of the block, in its order
	docs    []byte   // all documents, one behind the other
	folded  []byte   // docs in lower case, when the query has words
	ends    []int    // of the documents, in docs
	found   []int
}

// block returns the indexes of the records that match, the last first. docs holds the documents of records, one
// behind the other; minTime is the least time wanted.
func (m *matcher) block(q *query, records []Record, docs []byte, minTime int64) []int {
	m.q, m.records, m.docs, m.found = q, records, docs, m.found[:0]
	m.ends = m.ends[:0]
	end := 0
	for i := range records {
		end += len(records[i].Document)
		m.ends = append(m.ends, end)
	}
	if len(q.words) > 0 {
		m.folded = foldCase(m.folded[:0], docs)
	}
	minTime = max(minTime, q.from)
	area, needle := m.driver()
	if needle == nil {
		for i := len(records) - 1; i >= 0; i-- {
			m.try(i, minTime)
		}
		return m.found
	}
	for from := 0; ; {
		at := bytes.Index(area[from:], needle)
		if at < 0 {
			slices.Reverse(m.found)
			return m.found
		}
		from += at
		i := sort.SearchInts(m.ends, from+1)
		if from+len(needle) <= m.ends[i] { // and not across two documents
			m.try(i, minTime)
		}
		from = m.ends[i]
	}
}

// absent tells whether body, that of a block, shows that none of its records match: most do so before a record is
// taken out of it.
func (m *matcher) absent(q *query, body []byte) bool {
	for i := range q.equal {
		if e := &q.equal[i]; len(e.forms) == 1 && !e.constant() && !e.forms[0].in(body) {
			return true
		}
	}
	folded := false
	for i := range q.words {
		w := &q.words[i]
		if w.finder != nil {
			if !w.finder.in(body) {
				return true
			}
			continue
		}
		if !folded {
			m.folded, folded = foldCase(m.folded[:0], body), true
		}
		if !bytes.Contains(m.folded, w.text) {
			return true
		}
	}
	return false
}

// in tells whether the text stands in body.
func (f *form) in(body []byte) bool {
	if f.finder != nil {
		return f.finder.in(body)
	}
	return bytes.Contains(body, f.text)
}

// driver returns the condition that is looked for in all documents at once, in the area to look in; none when no
// condition is text that the document must hold.
func (m *matcher) driver() (area, needle []byte) {
	for i := range m.q.words {
		if w := &m.q.words[i]; len(w.text) > len(needle) {
			area, needle = m.folded, w.text
		}
	}
	for i := range m.q.equal {
		if e := &m.q.equal[i]; len(e.forms) == 1 && !e.constant() && len(e.forms[0].text) > len(needle) {
			area, needle = m.docs, e.forms[0].text
		}
	}
	return area, needle
}

// try notes record i when it matches.
func (m *matcher) try(i int, minTime int64) {
	r := &m.records[i]
	if t := nanoseconds(r.Time); t < minTime || t > m.q.to {
		return
	}
	for k := range m.q.equal {
		if !m.q.equal[k].matches(r) {
			return
		}
	}
	end := m.ends[i]
	for k := range m.q.words {
		if !m.q.words[k].matches(m.folded[end-len(r.Document) : end]) {
			return
		}
	}
	m.found = append(m.found, i)
}

// constant tells whether a source may give the field to its records.
func (e *equal) constant() bool {
	if e.inFields {
		return false
	}
	switch e.name {
	case "host.name", "log.file.path", "event.dataset", "service.name":
		return true
	}
	return strings.HasPrefix(e.name, "labels.")
}

func (e *equal) matches(r *Record) bool {
	if e.constant() && e.matchesSource(r.Source) {
		return true
	}
	for i := range e.forms {
		if e.forms[i].matches(r.Document, e.inFields) {
			return true
		}
	}
	return false
}

func (e *equal) matchesSource(s *event.Source) bool {
	found := false
	constants(s, func(name, value string) { found = found || name == e.name && value == e.value })
	return found
}

// matches tells whether the field stands in doc: among what the log wrote, or among the facts before that.
func (f *form) matches(doc []byte, inFields bool) bool {
	at := bytes.Index(doc, f.text)
	if at < 0 {
		return false
	}
	fields := bytes.Index(doc, []byte(fieldsStart))
	if fields < 0 {
		fields = len(doc)
	}
	for at >= 0 {
		end := at + len(f.text)
		ended := !f.number || end < len(doc) && (doc[end] == ',' || doc[end] == '}' || doc[end] == ']')
		if ended && inFields == (at > fields) && at > 0 && doc[at-1] != '\\' {
			return true
		}
		next := bytes.Index(doc[end:], f.text)
		if next < 0 {
			return false
		}
		at = end + next
	}
	return false
}

// matches tells whether a value in the document, given in lower case, holds the word.
func (w *word) matches(doc []byte) bool {
	for from := timeEnd(doc); from < len(doc); from++ {
		at := bytes.Index(doc[from:], w.text)
		if at < 0 {
			return false
		}
		from += at
		end := from + len(w.text)
		if w.begins(doc, from) && (!w.right || end == len(doc) || !inWord(doc[end])) && !inName(doc, end) {
			return true
		}
	}
	return false
}

// begins tells whether the word can begin at doc[at]: not within an escape, and not within a word unless it may.
func (w *word) begins(doc []byte, at int) bool {
	if at == 0 || classes[doc[at]] == wide {
		return true
	}
	if doc[at-1] == '\\' {
		return !escaped(doc, at)
	}
	if !w.left || !inWord(doc[at-1]) {
		return true
	}
	// The letter before may be the end of an escape like \n or \u0001.
	if escaped(doc, at-1) && doc[at-1] != 'u' {
		return true
	}
	return at >= 6 && doc[at-5] == 'u' && escaped(doc, at-5)
}

// inName tells whether the text that ends at doc[end] stands in the name of a field.
func inName(doc []byte, end int) bool {
	end = stringEnd(doc, end)
	return end+1 < len(doc) && doc[end+1] == ':'
}
