package unpack_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"gatewatch/internal/unpack"
)

func TestReader(t *testing.T) {
	t.Parallel()
	const text = "a line of a log\n"
	var gz, zst bytes.Buffer
	z := gzip.NewWriter(&gz)
	enc, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := z.Write([]byte(text))
	_, err2 := enc.Write([]byte(text))
	if err := errors.Join(err1, err2, z.Close(), enc.Close()); err != nil {
		t.Fatal(err)
	}
	bz, err := base64.StdEncoding.DecodeString(bzipped)
	if err != nil {
		t.Fatal(err)
	}
	for name, packed := range map[string][]byte{"gzip": gz.Bytes(), "zstd": zst.Bytes(), "bzip2": bz} {
		if got, err := read(packed); got != text || err != nil {
			t.Errorf("%s: read %q, %v, want %q", name, got, err, text)
		}
		if got, err := read(packed[:len(packed)-5]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s that ends too early: read %q, %v, want io.ErrUnexpectedEOF", name, got, err)
		}
	}
	for _, other := range []string{"", "B", "text", "\xfd7zXZ\x00", "PK\x03\x04"} {
		if _, err := read([]byte(other)); !errors.Is(err, unpack.ErrUnknown) {
			t.Errorf("NewReader(%q) = %v, want ErrUnknown", other, err)
		}
	}
}

func read(packed []byte) (string, error) {
	r, err := unpack.NewReader(bytes.NewReader(packed), packed[:min(len(packed), unpack.MagicSize)])
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), errors.Join(err, r.Close())
}

// bzipped is "a line of a log\n" as bzip2 packs it.
const bzipped = "QlpoOTFBWSZTWVdj1hYAAALRAAAQQAAjpaAAIaDIaEAMEiEVzDsOa8XckU4UJBXY9YWA"
