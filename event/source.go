package event

import (
	"encoding/base32"
	"encoding/binary"
)

// Source is one followed file, and what is the same for all its records. It does not change once it is in use.
type Source struct {
	// ID is the identity of the file's content, the same after a rename and different after a truncation. It is
	// unique in a fleet, and decides the document ids of the file's records.
	ID uint64 `json:"id"`
	// Path is where the file was found first.
	Path string `json:"path"`
	// Host is the name of the host the file is on.
	Host string `json:"host"`
	// Dataset is the kind of log: "app", "access", "database" … It chooses the data stream.
	Dataset string `json:"dataset"`
	// Labels are set in the configuration. "service" becomes service.name.
	Labels map[string]string `json:"labels,omitempty"`
}

// idEncoding sorts as the numbers do, so that the ids of one file grow with the offset.
var idEncoding = base32.HexEncoding.WithPadding(base32.NoPadding)

// DocumentIDLen is the length of a document id.
const DocumentIDLen = 21

// AppendDocumentID appends the document id of the record of s at offset: 13 characters of the file's identity and 8
// of the offset (40 bits, files up to 1 TiB), both base32hex. The same record always has the same id, so that a
// repeated delivery is refused by Elasticsearch with 409.
func (s *Source) AppendDocumentID(dst []byte, offset int64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], s.ID)
	dst = idEncoding.AppendEncode(dst, b[:])
	binary.BigEndian.PutUint64(b[:], uint64(offset))
	return idEncoding.AppendEncode(dst, b[3:])
}

// names tells whether the configuration gives fact k for the whole file, so that the records' own value must not
// stand beside it. A nil Source gives nothing.
func (s *Source) names(k Key) bool { return s != nil && k == Service && s.Labels["service"] != "" }

// Categories returns the values of event.category and event.type that hold for all documents of a dataset, in the words
// of the Elastic Common Schema. They are empty for a dataset whose documents differ in them.
func Categories(dataset string) (category, kind string) {
	switch dataset {
	case "access":
		return "web", "access"
	case "database":
		return "database", "info"
	}
	return "", ""
}
