package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

var errMarks = errors.New("marks are malformed")

// appendMarks appends marks: their number, and for each its name and value. The length of a value is one more than it
// is; 0 stands for a deleted mark.
func appendMarks(dst []byte, marks map[string][]byte) []byte {
	if len(marks) == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(marks)))
	for _, name := range slices.Sorted(maps.Keys(marks)) {
		dst = appendBytes(dst, []byte(name))
		value := marks[name]
		if value == nil {
			dst = append(dst, 0)
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(len(value))+1)
		dst = append(dst, value...)
	}
	return dst
}

// parseMarks reads what appendMarks wrote.
func parseMarks(b []byte) (map[string][]byte, error) {
	if len(b) == 0 {
		return nil, nil
	}
	d := decoder{b: b}
	n := d.uvarint()
	marks := make(map[string][]byte, min(n, uint64(len(b))))
	for range n {
		name := string(d.bytes(d.uvarint()))
		size := d.uvarint()
		if size == 0 {
			marks[name] = nil
		} else {
			marks[name] = append([]byte{}, d.bytes(size-1)...)
		}
		if d.bad {
			return nil, errMarks
		}
	}
	if d.bad || len(d.b) > 0 {
		return nil, errMarks
	}
	return marks, nil
}

// applyMarks makes the changes in marks.
func applyMarks(marks, changes map[string][]byte) {
	for name, value := range changes {
		if value == nil {
			delete(marks, name)
		} else {
			marks[name] = bytes.Clone(value)
		}
	}
}

// cloneMarks returns a copy of marks that shares nothing with it.
func cloneMarks(marks map[string][]byte) map[string][]byte {
	c := make(map[string][]byte, len(marks))
	applyMarks(c, marks)
	return c
}
