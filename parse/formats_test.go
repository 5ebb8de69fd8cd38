package parse_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// programFormats are the formats of web servers and programs that have fixed shapes.
var programFormats = []string{"apache", "nginx-error", "apache-error", "logfmt", "zap", "golog", "killbill", "jtl"}

func FuzzPrograms(f *testing.F) {
	seed(f, "")
	for _, s := range []string{
		`a="b\x00\u00e9\'" c=d e f=g h i="j`, "2026-11-22T08:00:00Z\tINFO\ta\t{\"message\":1,\"message\":2,\"@timestamp\":3}",
		"lvl='', a='b', a='c', log=''", "[Sun Nov 22 16:22:08 2026] [a:trace8] [pid 0:tid 00] [client :1] AH00000: , referer: ",
		"2026/11/22 16:00:11 [error] 31#31: *1 , client: , server: \"", "level=a\x1b[1m level=b\x1b[",
	} {
		f.Add([]byte(s))
	}
	names := newNames(f, nil, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, format := range programFormats {
			check(t, names, format, raw)
		}
	})
}

func BenchmarkPrograms(b *testing.B) {
	logs, err := filepath.Glob("testdata/*.log")
	if err != nil {
		b.Fatal(err)
	}
	for _, format := range programFormats {
		for _, path := range logs {
			if name := filepath.Base(path); strings.HasPrefix(name, format+"_") {
				text, err := os.ReadFile(path)
				if err != nil {
					b.Fatal(err)
				}
				b.Run(format, func(b *testing.B) { benchmark(b, format, text) })
			}
		}
	}
}
