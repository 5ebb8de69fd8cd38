package journal

import (
	"errors"
	"fmt"
	"time"

	"gatewatch/event"
)

// Limits of one Append. A batch is written as one block, so that it is in the journal as a whole or not at all.
const (
	// MaxBatchRecords is the most records of a Batch.
	MaxBatchRecords = 1 << 16
	// MaxBatchBytes is the most bytes of the documents and marks of a Batch together.
	MaxBatchBytes = 16 << 20
)

// The errors that callers tell apart.
var (
	// ErrFull says that there is no room for a batch: the disk or the quota is full. Nothing of the batch was kept, and
	// the same Append works when there is room again.
	ErrFull = errors.New("no space left for the journal")
	// ErrTooLarge says that a batch is over MaxBatchRecords or MaxBatchBytes.
	ErrTooLarge = errors.New("batch is too large for the journal")
	// ErrClosed says that the journal or the consumer was closed.
	ErrClosed = errors.New("journal is closed")
)

// Record is one event as the journal keeps it.
type Record struct {
	// Source is the file the record came from. Never nil. Records of one file need not share a pointer.
	Source *event.Source
	// Offset is the byte offset, in Source, of the record's first byte.
	Offset int64
	// Time is the time of the event, to the nanosecond, between the years 1678 and 2262.
	Time time.Time
	// Document is the canonical document of the event (event.AppendDocument).
	Document []byte
}

// Batch is what one Append writes: all of it or nothing.
type Batch struct {
	// Records in the order in which consumers get them.
	Records []Record
	// Marks are the positions in the sources after these records, in a form that only their owner knows. They are
	// committed together with the records. A nil value deletes the mark.
	Marks map[string][]byte
}

// size returns the bytes of the documents, or ErrTooLarge when b is over a limit.
func (b *Batch) size() (documents int, err error) {
	for i := range b.Records {
		if b.Records[i].Source == nil {
			return 0, errors.New("record without a source")
		}
		documents += len(b.Records[i].Document)
	}
	all := documents
	for name, mark := range b.Marks {
		all += len(name) + len(mark)
	}
	if len(b.Records) > MaxBatchRecords || all > MaxBatchBytes {
		return 0, fmt.Errorf("%w: %d records, %d bytes; at most %d and %d", ErrTooLarge, len(b.Records), all, MaxBatchRecords, MaxBatchBytes)
	}
	return documents, nil
}

// Block is a batch as a consumer gets it. It is read only: its memory may be shared with other readers.
type Block struct {
	Records []Record
	// Next is the position after the block, to be acknowledged when its records are delivered.
	Next Position
}
