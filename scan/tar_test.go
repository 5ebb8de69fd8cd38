package scan_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"slices"
	"strings"
	"testing"

	"gatewatch/scan"
)

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(text)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// archive packs files, the texts of which are given.
func archive(t *testing.T, files ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, text := range files {
		err := w.WriteHeader(&tar.Header{Name: "pay.log", Mode: 0o600, Size: int64(len(text))})
		if _, err2 := w.Write(text); err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestArchives(t *testing.T) {
	t.Parallel()
	const card = "4242424242424242"
	// Without a line break at its end a file goes on in no other one.
	files := archive(t, []byte("4242 4242"), []byte(" 4242 4242\n"), gzipped(t, []byte(card)), nil, []byte("x\x00y\n"), []byte("cvv=123\n"))
	want := []string{"3 pan 424242******4242", "5 cvv ***"}
	for name, packed := range map[string][]byte{"tar": files, "tar.gz": gzipped(t, files)} {
		if got := found(t, packed); !slices.Equal(got, want) {
			t.Errorf("%s: found %q, want %q", name, got, want)
		}
	}
}

func TestDamagedArchives(t *testing.T) {
	t.Parallel()
	text := []byte("4242424242424242\n")
	torn := gzipped(t, bytes.Repeat(text, 100))
	torn = torn[:len(torn)-9]
	f := func(packed []byte, least int, want string) {
		t.Helper()
		n := 0
		err := newScanner(t).Stream(t.Context(), "x", bytes.NewReader(packed), func(scan.Finding) { n++ })
		if err == nil || !strings.Contains(err.Error(), want) || n < least {
			t.Errorf("%d findings, %v, want %d or more and an error with %q", n, err, least, want)
		}
	}
	f(archive(t, torn, text), 2, "file 1 of the tar archive: the compressed file ends too early")
	f(archive(t, []byte("PK\x03\x04"), text), 1, "file 1 of the tar archive: packed in a way that is not read")
	f(archive(t, text, bytes.Repeat(text, 1000))[:2048], 2, "the tar archive ends too early")
	f(archive(t, slices.Repeat([][]byte{[]byte("Rar!")}, 50)...), 0, "file 5 of the tar archive")
}
