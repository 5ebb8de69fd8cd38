package gatewaylog

import (
	"bufio"
	"errors"
	"os"
	"time"
)

// WriteFile writes a file of lines at once, numbered from first, as of one moment of a gateway's life.
func WriteFile(path, format string, first, lines int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	const apart = 137 * time.Microsecond
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	made := NewLines(42)
	out := bufio.NewWriterSize(file, 1<<20)
	var b []byte
	for n := range lines {
		b = made.Append(b[:0], format, first+n, at.Add(time.Duration(n)*apart))
		if _, err := out.Write(b); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	return errors.Join(out.Flush(), file.Close())
}
