package scan

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"gatewatch/internal/unpack"
)

const (
	// A tar archive has tarMagic at tarMagicAt of its first header.
	tarMagicAt = 257
	tarMagic   = "ustar"
	// maxUnread bounds the files of an archive that are said to be unreadable.
	maxUnread = 5
)

// untarred returns the texts of the files in the tar archive that in gives, or in itself when that is none.
func untarred(in *bufio.Reader, closer io.Closer) io.ReadCloser {
	head, _ := in.Peek(tarMagicAt + len(tarMagic)) // an error comes again when it is read
	if !bytes.HasSuffix(head, []byte(tarMagic)) || len(head) < tarMagicAt {
		return unpacked{in, closer}
	}
	return &members{Closer: closer, archive: tar.NewReader(in)}
}

// members reads the texts of the files in a tar archive, one behind the other, those that are compressed unpacked. Files
// that cannot be read are passed over, and told of at the end.
type members struct {
	io.Closer
	archive *tar.Reader
	text    io.ReadCloser // of the file that is being read, or nil
	number  int           // of that file, from 1 on: its name may hold what must not be shown
	last    byte          // that was read
	unread  []error
}

func (m *members) Read(p []byte) (int, error) {
	for {
		if m.text == nil {
			if err := m.next(); err != nil {
				return 0, err
			}
			if m.last != 0 && m.last != '\n' { // each file begins a line
				m.last = '\n'
				return copy(p, newline), nil
			}
		}
		n, err := m.text.Read(p)
		if n > 0 {
			m.last = p[n-1]
		}
		if err != nil {
			m.text.Close() // only read from
			m.text = nil
			if !errors.Is(err, io.EOF) {
				m.pass(err)
			}
		}
		if n > 0 {
			return n, nil
		}
	}
}

// next begins the next file that can be read. At the end of the archive it returns io.EOF, or what could not be read.
func (m *members) next() error {
	for {
		header, err := m.archive.Next()
		switch {
		case errors.Is(err, io.EOF) && len(m.unread) == 0:
			return io.EOF
		case errors.Is(err, io.EOF):
			return errors.Join(m.unread...)
		case errors.Is(err, io.ErrUnexpectedEOF):
			return errors.Join(append(m.unread, errTornArchive)...)
		case err != nil:
			return errors.Join(append(m.unread, fmt.Errorf("tar archive: %w", err))...)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		m.number++
		in := bufio.NewReader(whole{m.archive})
		magic, _ := in.Peek(unpack.MagicSize) // an error comes again when it is read
		if text, err := unpack.NewReader(in, magic); err == nil {
			m.text = unpacked{whole{text}, text}
			return nil
		} else if !errors.Is(err, unpack.ErrUnknown) {
			m.pass(err)
			continue
		}
		if err := unreadable(magic); err != nil {
			m.pass(err)
			continue
		}
		m.text = io.NopCloser(in)
		return nil
	}
}

// pass notes that the file cannot be read, or not to its end.
func (m *members) pass(err error) {
	if len(m.unread) < maxUnread {
		m.unread = append(m.unread, fmt.Errorf("file %d of the tar archive: %v", m.number, err)) // not %w: an early end is none of the archive
	}
}

var errTornArchive = errors.New("the tar archive ends too early")
