// Package unpack reads compressed files as streams, by what they begin with and in memory that does not depend on the
// length of their text.
package unpack

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// MagicSize is how many of a file's first bytes tell what it is.
	MagicSize = 4
	// maxWindow is how far back a zstd stream may refer, which is the memory that reading it takes. zstd needs more
	// only with --long or --ultra.
	maxWindow = 32 << 20
)

// ErrUnknown says that the first bytes are those of no compressed file that can be read.
var ErrUnknown = errors.New("not compressed with gzip, zstd or bzip2")

// NewReader returns the text of packed, whose first bytes are magic: up to MagicSize of them, which packed still has to
// give. It returns ErrUnknown when they are those of none of the formats. A stream that ends too early gives
// io.ErrUnexpectedEOF. Closing the reader frees its memory and leaves packed open.
func NewReader(packed io.Reader, magic []byte) (io.ReadCloser, error) {
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(packed)
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	case bytes.HasPrefix(magic, []byte("BZh")):
		return io.NopCloser(bzip2.NewReader(packed)), nil
	}
	return nil, ErrUnknown
}
