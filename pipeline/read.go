package pipeline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"gatewatch/event"
	"gatewatch/journal"
	"gatewatch/tail"
)

// ReadAll runs the lines of r through the stages of a group once, without following or keeping anything, and calls
// each with every record's event, which is only valid during the call. It returns the name of the format.
func ReadAll(ctx context.Context, r io.Reader, path string, cfg GroupConfig, parts Parts, each func(*event.Event)) (format string, err error) {
	parts.Observe = each
	parts.Journal = nowhere{}
	p, err := New(cfg, parts)
	if err != nil {
		return "", err
	}
	s := &stream{path: path, id: 1}
	in := bufio.NewReaderSize(r, 1<<20)
	var offset int64
	for ctx.Err() == nil {
		lines, err := nextLines(in, &offset, cfg.MaxLine)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read %s: %w", path, err)
		}
		p.batch.Records, p.docs = p.batch.Records[:0], p.docs[:0]
		if len(lines) > 0 && !s.settled {
			if err := p.detect(s, lines); err != nil {
				return "", err
			}
		}
		for _, line := range lines {
			p.line(s, line)
		}
		if err != nil {
			break
		}
	}
	p.flush(s)
	if s.parser == nil {
		return "", nil
	}
	if s.envelope != "" {
		return s.envelope + " " + s.parser.Name(), nil
	}
	return s.parser.Name(), nil
}

// nextLines reads up to sampleLines lines. The last line of a file counts without its line break too.
func nextLines(in *bufio.Reader, offset *int64, maxLine int) ([]tail.Line, error) {
	var lines []tail.Line
	for len(lines) < sampleLines {
		var text []byte
		start := *offset
		for {
			part, err := in.ReadSlice('\n')
			*offset += int64(len(part))
			// Two bytes more than the limit are enough to see that the line exceeds it.
			text = append(text, part[:min(len(part), max(0, maxLine+2-len(text)))]...)
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if len(text) > 0 || err == nil {
				lines = append(lines, tail.NewLine(start, text, maxLine))
			}
			if err != nil {
				return lines, err
			}
			break
		}
	}
	return lines, nil
}

// nowhere is the journal of a read that keeps nothing.
type nowhere struct{}

func (nowhere) Append(journal.Batch) error { return nil }
