package gatewaylog

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// rotate does what logrotate does with its settings of the same name.
func (w *Writer) rotate() error {
	if w.Rotation == DateNamed {
		return w.reopen()
	}
	suffix := ""
	if w.Rotation == RenameGzip {
		suffix = ".gz"
	}
	if err := w.shift(suffix); err != nil {
		return err
	}
	first := w.Path + ".1"
	if w.Rotation == CopyTruncate {
		// Nothing is written between the copy and the cut, so that what is lost is lost by the reader.
		if err := copyFile(w.Path, first); err != nil {
			return err
		}
		return w.file.Truncate(0)
	}
	if err := os.Rename(w.Path, first); err != nil {
		return err
	}
	if err := w.reopen(); err != nil || suffix == "" {
		return err
	}
	return compress(first, first+suffix)
}

// shift makes room for a new .1.
func (w *Writer) shift(suffix string) error {
	name := func(n int) string { return fmt.Sprintf("%s.%d%s", w.Path, n, suffix) }
	for n := w.Keep; n >= 1; n-- {
		if err := os.Rename(name(n), name(n+1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Remove(name(w.Keep + 1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (w *Writer) reopen() error {
	if err := w.file.Close(); err != nil {
		return err
	}
	return w.open()
}

func copyFile(from, to string) error {
	return transform(from, to, func(file io.Writer) io.WriteCloser { return plain{file} })
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// compress makes the file to of the file from, and removes that.
func compress(from, to string) error {
	err := transform(from, to, func(file io.Writer) io.WriteCloser {
		z, _ := gzip.NewWriterLevel(file, gzip.BestSpeed) // the level is known
		return z
	})
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	// As gzip does: the compressed file is as old as what is in it.
	if err := os.Chtimes(to, info.ModTime(), info.ModTime()); err != nil {
		return err
	}
	return os.Remove(from)
}

func transform(from, to string, through func(io.Writer) io.WriteCloser) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	z := through(target)
	_, err = io.Copy(z, source)
	return errors.Join(err, z.Close(), target.Close())
}
