package outputs

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// maxDeadLetterBytes bounds the dead-letter file; what comes beyond is counted and not written.
const maxDeadLetterBytes = 64 << 20

// tooLarge is the error type of a document that alone is larger than the cluster takes.
const tooLarge = "too_large"

// deadLetters is the file of documents that Elasticsearch will never accept: a JSON line for each. A document may
// stand there twice after a crash, with the same id. Safe for concurrent use.
type deadLetters struct {
	metrics *metrics

	mu      sync.Mutex
	file    *os.File
	size    int64
	unsaved bool
}

// deadLetter is a line of the file.
type deadLetter struct {
	Time     time.Time       `json:"time"`
	Status   int             `json:"status"`
	Type     string          `json:"type"`
	Reason   string          `json:"reason"`
	Index    string          `json:"index"`
	ID       string          `json:"id"`
	Document json.RawMessage `json:"document,omitempty"`
	// Text is the document when it is not JSON.
	Text string `json:"text,omitempty"`
}

func openDeadLetters(path string, m *metrics) (*deadLetters, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open dead-letter file: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("open dead-letter file: %w", err)
	}
	return &deadLetters{metrics: m, file: file, size: info.Size()}, nil
}

// write keeps the document of it with the reason of its refusal. On an error the document is not kept.
func (d *deadLetters) write(it *item, v verdict) error {
	line := deadLetter{
		Time: time.Now().UTC(), Status: v.status, Type: v.errorType, Reason: cut(v.reason),
		Index: it.stream.index, ID: string(it.stream.source.AppendDocumentID(nil, it.record.Offset)),
	}
	original := *it
	if it.refused != nil {
		original.record = it.refused
	}
	document := original.appendDocument(nil)
	if json.Valid(document) {
		line.Document = document
	} else {
		line.Text = string(document)
	}
	data, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("write dead letter: %w", err)
	}
	kept, err := d.append(append(data, '\n'))
	if err != nil {
		return fmt.Errorf("write dead letter: %w", err)
	}
	d.metrics.deadLetters.WithLabelValues(deadLetterReason(v.errorType)).Inc()
	if !kept {
		d.metrics.deadLettersDropped.Inc()
	}
	return nil
}

// append adds one line, all of it or nothing, and returns false when the file is full.
func (d *deadLetters) append(line []byte) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.size+int64(len(line)) > maxDeadLetterBytes {
		return false, nil
	}
	if _, err := d.file.Write(line); err != nil {
		// Half a line must not stay before the next one.
		return false, joinTruncate(err, d.file.Truncate(d.size))
	}
	d.size += int64(len(line))
	d.unsaved = true
	return true, nil
}

func joinTruncate(err, truncate error) error {
	if truncate != nil {
		return fmt.Errorf("%w (and cut off half a line: %w)", err, truncate)
	}
	return err
}

// sync forces what was written to the disk.
func (d *deadLetters) sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.unsaved {
		return nil
	}
	if err := d.file.Sync(); err != nil {
		return err
	}
	d.unsaved = false
	return nil
}

func (d *deadLetters) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.file.Close(); err != nil {
		return fmt.Errorf("close dead-letter file: %w", err)
	}
	return nil
}
