package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// decoded is a record with its document as JSON.
type decoded struct {
	Record
	doc map[string]any
}

// oracle searches the slow and plain way, by the values of the decoded documents.
func oracle(records []decoded, q Query) []decoded {
	var hits []decoded
	for i := len(records) - 1; i >= 0; i-- {
		r := records[i]
		if !q.From.IsZero() && r.Time.Before(q.From) || !q.To.IsZero() && !r.Time.Before(q.To) {
			continue
		}
		if oracleEqual(r, q.Equal) && oracleWords(r, q.Words) {
			hits = append(hits, r)
		}
	}
	slices.SortStableFunc(hits, func(a, b decoded) int { return b.Time.Compare(a.Time) })
	return hits[:min(len(hits), q.Limit)]
}

func oracleEqual(r decoded, all []Match) bool {
	for _, m := range all {
		ok := m.Name == "host.name" && m.Value == r.Source.Host || m.Name == "event.dataset" && m.Value == r.Source.Dataset
		if v, has := r.doc[m.Name]; has && m.Name != "fields" {
			ok = ok || fmt.Sprint(v) == m.Value
		}
		if name, found := strings.CutPrefix(m.Name, fieldsPrefix); found {
			if fields, _ := r.doc["fields"].(map[string]any); fields != nil {
				v, has := fields[name]
				ok = ok || has && fmt.Sprint(v) == m.Value
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

func oracleWords(r decoded, words []string) bool {
	for _, w := range words {
		if !anyValue(r.doc, func(v string) bool { return oracleWord(v, w) }) {
			return false
		}
	}
	return true
}

func decodeNumbers(b []byte) map[string]any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var doc map[string]any
	if err := d.Decode(&doc); err != nil {
		panic(err)
	}
	return doc
}

func anyValue(v any, f func(string) bool) bool {
	if object, ok := v.(map[string]any); ok {
		for name, one := range object {
			if name != "@timestamp" && anyValue(one, f) {
				return true
			}
		}
		return false
	}
	return f(fmt.Sprint(v))
}

func oracleWord(value, w string) bool {
	part, openRight := strings.CutSuffix(w, "*")
	part, openLeft := strings.CutPrefix(part, "*")
	value, part = asciiLower(value), asciiLower(part)
	for from := 0; from+len(part) <= len(value); from++ {
		if value[from:from+len(part)] != part {
			continue
		}
		end := from + len(part)
		left := openLeft || from == 0 || !inWord(part[0]) || !inWord(value[from-1])
		right := openRight || end == len(value) || !inWord(part[len(part)-1]) || !inWord(value[end])
		if left && right {
			return true
		}
	}
	return false
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
