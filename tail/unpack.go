package tail

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"gatewatch/internal/unpack"
)

// skipTurn is how much text is passed over at once on the way to the position, so that other files have their turn.
const skipTurn = 4 << 20

// unpacked reads the text of a compressed file, forward and as a stream, so that its memory does not depend on the
// text's length.
type unpacked struct {
	file *os.File
	text io.ReadCloser
	held []byte // what was read last, for reads that begin inside it
	end  int64  // offset after held
	err  error  // why there is no more text: io.EOF at its proper end
}

var errForwardOnly = errors.New("compressed file is read forward only")

// newUnpacked begins to read file, which it owns from then on, also when it returns an error.
func newUnpacked(file *os.File) (*unpacked, error) {
	magic := make([]byte, unpack.MagicSize)
	n, _ := file.ReadAt(magic, 0)
	text, err := unpack.NewReader(file, magic[:n])
	if errors.Is(err, unpack.ErrUnknown) {
		err = errors.New("its name says compressed, its first bytes do not")
	}
	if err != nil {
		file.Close() // only read from
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return &unpacked{file: file, text: text}, nil
}

// ReadAt implements io.ReaderAt for offsets that never go back before the one of the call before. Where the text ends
// or is damaged it returns io.EOF; err tells which.
func (u *unpacked) ReadAt(p []byte, off int64) (int, error) {
	start := u.end - int64(len(u.held))
	if off < start || off > u.end {
		return 0, errForwardOnly
	}
	u.held = u.held[:copy(u.held, u.held[off-start:])]
	for len(u.held) < len(p) && u.err == nil {
		u.more(len(p) - len(u.held))
	}
	n := copy(p, u.held)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// more reads up to n bytes of text into held.
func (u *unpacked) more(n int) {
	had := len(u.held)
	u.held = append(u.held, make([]byte, n)...)
	got, err := u.text.Read(u.held[had:])
	u.held = u.held[:had+got]
	u.end += int64(got)
	u.err = err
}

// skip passes over text before the offset to, at most skipTurn of it. It tells whether it is there.
func (u *unpacked) skip(to int64) bool {
	for turn := u.end + skipTurn; u.end < to && u.end < turn && u.err == nil; {
		u.held = u.held[:0]
		u.more(int(min(to-u.end, readSize)))
	}
	return u.end >= to
}

// Close implements io.Closer.
func (u *unpacked) Close() error {
	return errors.Join(u.text.Close(), u.file.Close())
}

// textSize returns the length of the text modulo 2^32 as a gzip file's last bytes tell it: right for a complete file
// of one member. It is false for other files.
func textSize(file *os.File, size int64) (uint32, bool) {
	b := make([]byte, 4)
	if _, err := file.ReadAt(b[:2], 0); err != nil || b[0] != 0x1f || b[1] != 0x8b || size < 18 {
		return 0, false
	}
	_, err := file.ReadAt(b, size-4)
	return binary.LittleEndian.Uint32(b), err == nil
}
