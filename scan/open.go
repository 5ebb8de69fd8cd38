package scan

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gatewatch/internal/unpack"
)

// errTorn marks a compressed file that ends too early, which is no proper end.
var errTorn = errors.New("the compressed file ends too early")

// File scans the file, which may be compressed. read is called with the number of bytes that were read of it.
func (s *Scanner) File(ctx context.Context, path string, read func(int), found func(Finding)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in, err := Unpacked(counted{f, read})
	switch {
	case errors.Is(err, ErrPacked) && s.SkipBinary:
		return ErrBinary
	case err != nil:
		return fmt.Errorf("read %s: %w", path, err)
	}
	defer in.Close()
	return s.Read(ctx, path, in, found)
}

// Stream scans standard input or the like, which may be compressed.
func (s *Scanner) Stream(ctx context.Context, name string, r io.Reader, found func(Finding)) error {
	in, err := Unpacked(r)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	defer in.Close()
	return s.Read(ctx, name, in, found)
}

// Unpacked returns the text of r, by what r begins with: unpacked when it is compressed, and of a tar archive the texts of
// its files, also the compressed ones, one behind the other.
func Unpacked(r io.Reader) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	magic, err := in.Peek(unpack.MagicSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	text, err := unpack.NewReader(in, magic)
	if err == nil {
		return untarred(bufio.NewReaderSize(whole{text}, 64<<10), text), nil
	}
	if !errors.Is(err, unpack.ErrUnknown) {
		return nil, err
	}
	if err := unreadable(magic); err != nil {
		return nil, err
	}
	return untarred(in, io.NopCloser(nil)), nil
}

// unpacked is a text and what frees its memory.
type unpacked struct {
	io.Reader
	io.Closer
}

// unreadable returns an error when a file begins like an archive that nothing here unpacks: its text would be passed over,
// and it would seem to hold nothing.
func unreadable(magic []byte) error {
	for _, kind := range [...]struct{ name, magic string }{
		{"zip", "PK\x03\x04"}, {"xz", "\xfd7zX"}, {"7z", "7z\xbc\xaf"}, {"lz4", "\x04\x22\x4d\x18"}, {"compress", "\x1f\x9d"}, {"rar", "Rar!"},
	} {
		if strings.HasPrefix(string(magic), kind.magic) {
			return fmt.Errorf("%w: %s", ErrPacked, kind.name)
		}
	}
	return nil
}

// ErrPacked says that a file is packed in a way that cannot be read; of another program, its text can.
var ErrPacked = errors.New("packed in a way that is not read (gzip, zstd, bzip2 and tar are); unpack it and pipe its text into -")

// whole reads a decompressor and tells its early end from the end of the text.
type whole struct{ from io.Reader }

func (w whole) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errTorn
	}
	return n, err
}

// counted tells how much is read.
type counted struct {
	from io.Reader
	read func(int)
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.read(n)
	return n, err
}
