package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How the journal is cut into segments.
const (
	// segmentsKept is how many segments max_size and max_age are cut into: retention takes one at a time.
	segmentsKept = 16
	// maxSegmentSize keeps segments small where max_size is large. Blocks have no filter before their segment is sealed,
	// and a search reads them in full: this bounds how many there are.
	maxSegmentSize = 2 << 20
	// maxHotAge is how long a segment is written to at most: on a quiet host it is sealed small.
	maxHotAge = time.Hour
)

// A segment begins with magic (8 bytes), version (1), three bytes for later, the CRC-32C of all else (4), its number
// (8) and when it was begun (8, nanoseconds since 1970), little endian. Blocks follow without gaps. The header of a
// sealed segment goes on with the position of its end (8) and the bounds of its records' times (8, 8) and their
// number (8).
const (
	segmentHeaderSize = 32
	sealedHeaderSize  = 64
	segmentMagic      = "GWJRNL\r\n"
	segmentVersion    = 1 // as it is written first
	sealedVersion     = 3 // sealed; so is 2, without blocks of codecColumns
	segmentSuffix     = ".gwj"
)

// segment is one file of the journal.
type segment struct {
	number uint64
	// size is the position of the end: how far the file is written, as it was written first. What is behind it is not
	// read.
	size int64
	// stored is the size of the file.
	stored int64
	// sealed says that the file was packed again, so that positions are not places in it.
	sealed bool
	// unsealable says that packing did not help, or would hide damage.
	unsealable bool
	// created is when the file was begun. All its blocks are younger.
	created time.Time
	bounds  bounds
	// oldest is the earliest time in the first block, once it was looked up.
	oldest int64
}

func (s *segment) start() Position { return Position{s.number, segmentHeaderSize} }
func (s *segment) end() Position   { return Position{s.number, s.size} }

func segmentPath(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%012d", number)+segmentSuffix)
}

// segmentHeader is what a segment says about itself.
type segmentHeader struct {
	number  uint64
	created time.Time
	// The rest is known when the segment is sealed.
	sealed  bool
	size    int64
	bounds  bounds
	records uint64
}

func (h *segmentHeader) len() int64 {
	if h.sealed {
		return sealedHeaderSize
	}
	return segmentHeaderSize
}

// appendTo appends the header as it stands in the file.
func (h *segmentHeader) appendTo(dst []byte) []byte {
	var b [sealedHeaderSize]byte
	le := binary.LittleEndian
	copy(b[:], segmentMagic)
	b[8] = segmentVersion
	le.PutUint64(b[16:], h.number)
	le.PutUint64(b[24:], uint64(h.created.UnixNano()))
	if h.sealed {
		b[8] = sealedVersion
		le.PutUint64(b[32:], uint64(h.size))
		le.PutUint64(b[40:], uint64(h.bounds.min))
		le.PutUint64(b[48:], uint64(h.bounds.max))
		le.PutUint64(b[56:], h.records)
	}
	le.PutUint32(b[12:], segmentSum(b[:h.len()]))
	return append(dst, b[:h.len()]...)
}

func segmentSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:12], castagnoli), castagnoli, b[16:])
}

// errVersion says that a segment was written by a newer Gatewatch.
var errVersion = errors.New("unknown format version")

// parseSegmentHeader reads a header. A damaged one costs little, so it is no error: ok is false then.
func parseSegmentHeader(b []byte) (h segmentHeader, ok bool, err error) {
	if len(b) < segmentHeaderSize || string(b[:8]) != segmentMagic {
		return segmentHeader{}, false, nil
	}
	h.sealed = b[8] == sealedVersion || b[8] == sealedVersion-1
	// The sum of a newer version is taken to cover as much as that of the versions before does.
	n := h.len()
	if b[8] > sealedVersion && len(b) >= sealedHeaderSize && segmentSum(b[:sealedHeaderSize]) == binary.LittleEndian.Uint32(b[12:]) {
		n = sealedHeaderSize
	}
	if int64(len(b)) < n || segmentSum(b[:n]) != binary.LittleEndian.Uint32(b[12:]) {
		return segmentHeader{}, false, nil
	}
	if b[8] > sealedVersion {
		return segmentHeader{}, false, fmt.Errorf("%w %d; this gatewatch reads versions up to %d", errVersion, b[8], sealedVersion)
	}
	le := binary.LittleEndian
	h.number, h.created = le.Uint64(b[16:]), time.Unix(0, int64(le.Uint64(b[24:])))
	if h.sealed {
		h.size, h.records = int64(le.Uint64(b[32:])), le.Uint64(b[56:])
		h.bounds = bounds{known: true, min: int64(le.Uint64(b[40:])), max: int64(le.Uint64(b[48:]))}
	}
	return h, true, nil
}

// readSegmentHeader reads the header of the segment in f.
func readSegmentHeader(f io.ReaderAt) (h segmentHeader, ok bool, err error) {
	var b [sealedHeaderSize]byte
	n, err := f.ReadAt(b[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return segmentHeader{}, false, err
	}
	return parseSegmentHeader(b[:n])
}

// listSegments returns the segments in dir, the oldest first.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []segment
	for _, e := range entries {
		digits, found := strings.CutSuffix(e.Name(), segmentSuffix)
		number, err := strconv.ParseUint(digits, 10, 64)
		if !found || err != nil || e.IsDir() || segmentPath(dir, number) != filepath.Join(dir, e.Name()) {
			continue
		}
		s, err := statSegment(dir, number)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b segment) int { return a.end().Compare(b.end()) })
	return all, nil
}

func statSegment(dir string, number uint64) (segment, error) {
	path := segmentPath(dir, number)
	f, err := os.Open(path)
	if err != nil {
		return segment{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return segment{}, err
	}
	h, ok, err := readSegmentHeader(f)
	if err != nil {
		return segment{}, fmt.Errorf("%s: %w", path, err)
	}
	s := segment{number: number, size: info.Size(), stored: info.Size(), created: info.ModTime()}
	if !ok {
		return s, s.findEnd(f)
	}
	s.created, s.sealed = h.created, h.sealed
	if h.sealed {
		s.size, s.bounds = h.size, h.bounds
	}
	return s, nil
}

// findEnd finds out from its blocks whether a segment with a damaged header is sealed, and where it ends then.
func (s *segment) findEnd(f io.ReaderAt) error {
	var r reader
	r.reset(f, s.number, 0, s.stored)
	for {
		b, err := r.next()
		if errors.Is(err, io.EOF) || err == nil && !b.sealed() {
			return nil
		}
		if err != nil {
			return err
		}
		s.sealed, s.size = true, b.position+b.span
	}
}
