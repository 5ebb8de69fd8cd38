package parse

import "gatewatch/event"

// maxObject is how many members an object that a format makes may have; others are left out.
const maxObject = 512

// object writes a JSON object of texts. Names are unique in each object: the second gets a number behind its own.
type object struct {
	buf   []byte
	names [][]byte
	// outer is how many names there were before each open object.
	outer []int
}

// start empties o, whose objects are appended to buf.
func (o *object) start(buf []byte) { o.buf, o.names, o.outer = buf, o.names[:0], o.outer[:0] }

// open begins an object.
func (o *object) open() {
	o.outer = append(o.outer, len(o.names))
	o.buf = append(o.buf, '{')
}

// close ends the object that was opened last.
func (o *object) close() {
	last := len(o.outer) - 1
	o.names, o.outer = o.names[:o.outer[last]], o.outer[:last]
	o.buf = append(o.buf, '}')
}

// name begins a member of the open object. It is false when there are too many.
func (o *object) name(name []byte) bool {
	first := o.outer[len(o.outer)-1]
	n := len(o.names) - first
	if n == maxObject {
		return false
	}
	if len(name) == 0 {
		name = []byte("_")
	}
	repeated := 0
	for _, other := range o.names[first:] {
		if string(other) == string(name) {
			repeated++
		}
	}
	o.names = append(o.names, name)
	if n > 0 {
		o.buf = append(o.buf, ',')
	}
	o.buf = append(event.AppendJSONString(o.buf, name), ':')
	if repeated > 0 {
		o.buf = append(o.buf[:len(o.buf)-2], '#')
		if repeated++; repeated >= 100 {
			o.buf = append(o.buf, '0'+byte(repeated/100))
		}
		if repeated >= 10 {
			o.buf = append(o.buf, '0'+byte(repeated/10%10))
		}
		o.buf = append(o.buf, '0'+byte(repeated%10), '"', ':')
	}
	return true
}

// text adds a member.
func (o *object) text(name, value []byte) {
	if o.name(name) {
		o.buf = event.AppendJSONString(o.buf, value)
	}
}
