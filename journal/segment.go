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
	// maxSegmentSize keeps segments small where max_size is large, so that opening stays quick.
	maxSegmentSize = 64 << 20
)

// A segment begins with magic (8 bytes), version (1), three bytes for later, the CRC-32C of all else (4), its number
// (8) and when it was begun (8, nanoseconds since 1970), little endian. Blocks follow without gaps.
const (
	segmentHeaderSize = 32
	segmentMagic      = "GWJRNL\r\n"
	segmentVersion    = 1
	segmentSuffix     = ".gwj"
)

// segment is one file of the journal.
type segment struct {
	number uint64
	// size is how far the file is written; what is behind it is not read.
	size int64
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

// appendSegmentHeader appends the header of a segment.
func appendSegmentHeader(dst []byte, number uint64, created time.Time) []byte {
	var b [segmentHeaderSize]byte
	copy(b[:], segmentMagic)
	b[8] = segmentVersion
	binary.LittleEndian.PutUint64(b[16:], number)
	binary.LittleEndian.PutUint64(b[24:], uint64(created.UnixNano()))
	binary.LittleEndian.PutUint32(b[12:], segmentSum(b[:]))
	return append(dst, b[:]...)
}

func segmentSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:12], castagnoli), castagnoli, b[16:segmentHeaderSize])
}

// errVersion says that a segment was written by a newer Gatewatch.
var errVersion = errors.New("unknown format version")

// parseSegmentHeader reads when the segment was begun. A damaged header costs nothing but that, so it is no error:
// ok is false then.
func parseSegmentHeader(b []byte) (created time.Time, ok bool, err error) {
	if len(b) < segmentHeaderSize || string(b[:8]) != segmentMagic ||
		segmentSum(b) != binary.LittleEndian.Uint32(b[12:]) {
		return time.Time{}, false, nil
	}
	if b[8] != segmentVersion {
		return time.Time{}, false, fmt.Errorf("%w %d; this gatewatch reads version %d", errVersion, b[8], segmentVersion)
	}
	return time.Unix(0, int64(binary.LittleEndian.Uint64(b[24:]))), true, nil
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
	var b [segmentHeaderSize]byte
	if _, err := f.ReadAt(b[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return segment{}, err
	}
	created, ok, err := parseSegmentHeader(b[:])
	if err != nil {
		return segment{}, fmt.Errorf("%s: %w", path, err)
	}
	if !ok {
		created = info.ModTime()
	}
	return segment{number: number, size: info.Size(), created: created}, nil
}
