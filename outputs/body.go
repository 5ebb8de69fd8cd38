package outputs

import (
	"bytes"
	"strconv"

	"gatewatch/event"
	"gatewatch/journal"
)

// item is one record on its way.
type item struct {
	record *journal.Record
	stream *stream
	// refused is the journal's record when record is a mended copy of it; or nil.
	refused *journal.Record
}

// actionEnd ends an action line after the id.
const actionEnd = "\"}}\n"

// maxOffsetLen is the length of the largest offset in digits.
const maxOffsetLen = 19

// size returns how many bytes of a request the item takes at most.
func (it *item) size() int {
	return len(it.stream.actionTo) + event.DocumentIDLen + len(actionEnd) + len(it.stream.head) + maxOffsetLen + len(it.record.Document) + 1
}

// appendDocument appends the whole document in one line, as the format of a bulk request wants it: the source's
// constants, the offset and the record's own members.
func (it *item) appendDocument(dst []byte) []byte {
	dst = append(dst, it.stream.head...)
	dst = strconv.AppendInt(dst, it.record.Offset, 10)
	if len(it.record.Document) <= len("{}") {
		return append(dst, '}')
	}
	dst = append(dst, ',')
	own := len(dst)
	dst = append(dst, it.record.Document[1:]...)
	oneLine(dst[own:])
	return dst
}

// appendBody appends the lines of a bulk request to the data stream index.
func appendBody(dst []byte, items []item, index string) []byte {
	for i := range items {
		it := &items[i]
		if it.stream.index == index {
			dst = append(dst, it.stream.action...)
		} else {
			dst = append(dst, it.stream.actionTo...)
		}
		dst = it.stream.source.AppendDocumentID(dst, it.record.Offset)
		dst = append(dst, actionEnd...)
		dst = append(it.appendDocument(dst), '\n')
	}
	return dst
}

// oneLine makes sure that a document is one line. In JSON a line break can only stand where a space can.
func oneLine(document []byte) {
	for {
		i := bytes.IndexByte(document, '\n')
		if i < 0 {
			return
		}
		document[i] = ' '
		document = document[i+1:]
	}
}

// share returns how many of items go into the next request: so many that the requests for all of them are about
// equal and none is larger than limit. It is at least one.
func share(items []item, limit int) int {
	total := sizeOf(items)
	if total <= limit {
		return len(items)
	}
	requests := (total + limit - 1) / limit
	want := (total + requests - 1) / requests
	sum := 0
	for i := range items {
		size := items[i].size()
		if i > 0 && (sum+size > limit || sum >= want) {
			return i
		}
		sum += size
	}
	return len(items)
}

func sizeOf(items []item) int {
	total := 0
	for i := range items {
		total += items[i].size()
	}
	return total
}
