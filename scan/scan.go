// Package scan looks for card data in log files that exist already, compressed ones too. It reads a file once, as fast as
// it comes, in memory that does not depend on the file.
package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"gatewatch/event"
	"gatewatch/facts"
	"gatewatch/redact"
)

// Finding is a value that should not stand in a file.
type Finding struct {
	File string `json:"file"`
	Line int    `json:"line"`
	// Kind is pan, cvv, track or pin, and secret, identity or phone when all are looked for.
	Kind string `json:"kind"`
	// Masked is what may be shown of the value.
	Masked string `json:"masked"`
	// Logger is who wrote the line, when it says so.
	Logger string `json:"logger,omitempty"`
}

// ErrBinary says that a file holds no text.
var ErrBinary = errors.New("not a text file")

// Scanner scans files, one after the other. Not safe for concurrent use.
type Scanner struct {
	redactor *redact.Redactor
	names    *facts.Names
	// All tells to report secrets, identity numbers and phone numbers too, as far as the redactor looks for them.
	All bool
	// SkipBinary tells to return ErrBinary for files that hold no text.
	SkipBinary bool

	buf, clean []byte
	ev         event.Event
}

// New returns a Scanner that finds what the redactor does.
func New(redactor *redact.Redactor) (*Scanner, error) {
	names, err := facts.NewNames(nil, nil)
	if err != nil {
		return nil, err
	}
	return &Scanner{redactor: redactor, names: names, buf: make([]byte, chunkSize)}, nil
}

const (
	// chunkSize is how much text is looked at together, and the longest line that is seen in one piece.
	chunkSize = 1 << 20
	// sampleLines are looked at to find a file's format.
	sampleLines = 200
	// headSize is where a file that is no text is known by a zero byte.
	headSize = 8 << 10
)

// Read scans the text of in, which is that of the file name, and calls found with what should not be there, in order.
func (s *Scanner) Read(ctx context.Context, name string, in io.Reader, found func(Finding)) error {
	shown := string(s.redactor.Redact(nil, []byte(name))) // names of files may hold numbers as well
	f := file{Scanner: s, name: shown, line: 1, found: found}
	held := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(in, s.buf[held:])
		text := s.buf[:held+n]
		atEnd := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if f.parser == nil {
			if _, archive := in.(*members); s.SkipBinary && !archive && isBinary(text[:min(len(text), headSize)]) {
				return ErrBinary
			}
			if err := f.detect(text); err != nil {
				return err
			}
		}
		cut := len(text)
		if err == nil {
			cut = f.cut(text)
		}
		f.piece(text[:cut])
		held = copy(s.buf, text[cut:])
		if err != nil {
			if atEnd {
				return nil
			}
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
}

// isBinary tells that the beginning of a file is no text.
func isBinary(head []byte) bool { return bytes.IndexByte(head, 0) >= 0 }
