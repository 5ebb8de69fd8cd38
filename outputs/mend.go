package outputs

import (
	"bytes"
	"encoding/json"

	"gatewatch/event"
)

// fieldsMember begins the member that holds what the log wrote and Gatewatch does not know. Texts and numbers before it
// cannot hold it; the few objects before it might.
var fieldsMember = []byte(`,"fields":{`)

// mend gives it a second chance after v: Elasticsearch refuses a document whose "fields" it cannot read, such as an
// object with the same key twice, which loggers do write. Their text is then sent as one string. It returns false
// when that was tried before, or is not the trouble.
func mend(it *item, v verdict) bool {
	switch deadLetterReason(v.errorType) {
	case "mapping", "invalid":
	default:
		return false
	}
	if it.refused != nil {
		return false
	}
	own := it.record.Document
	at := bytes.Index(own, fieldsMember)
	if at < 0 {
		return false
	}
	text := own[at+len(fieldsMember)-1 : len(own)-1]
	doc := append([]byte(nil), own[:at]...)
	doc = append(doc, `,"fields":{"unparsed":`...)
	doc = event.AppendJSONString(doc, text)
	mended := *it.record
	mended.Document = append(doc, '}', '}')
	if !json.Valid(mended.Document) {
		return false // the member stood inside another one
	}
	it.refused, it.record = it.record, &mended
	return true
}
