// Command ecs compares documents with what Elastic's own integrations make of the same lines. The folder is a checkout of
// elastic/integrations, of which only the tests of the ingest pipelines are read:
//
//	go run ./bench/ecs [-all] FOLDER
//
// Each FOLDER/packages/*/data_stream/*/_dev/test/pipeline/*.log of nginx, Apache, MySQL, PostgreSQL and the system is
// parsed in the format that its lines are recognised by, and compared field by field with the file *-expected.json beside
// it. What differs on purpose stands in deliberate.go, with the reason, and is counted apart.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// formats are the formats of the datasets that are compared.
var formats = [...]struct{ dataset, format string }{
	{"nginx.access", "nginx"}, {"nginx.error", "nginx-error"},
	{"apache.access", "apache"}, {"apache.error", "apache-error"},
	{"mysql.slowlog", "mysql-slow"}, {"mysql.error", "mysql-error"},
	{"postgresql.log", "postgres"},
	{"system.auth", "syslog"}, {"system.syslog", "syslog"},
}

func main() {
	all := flag.Bool("all", false, "also print what differs on purpose")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: ecs [-all] FOLDER, a checkout of github.com/elastic/integrations")
		os.Exit(2)
	}
	if err := run(context.Background(), flag.Arg(0), *all, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run compares all datasets below folder and prints a paragraph for each.
func run(ctx context.Context, folder string, all bool, w io.Writer) error {
	var sum tally
	for _, f := range formats {
		t, err := dataset(ctx, folder, f.dataset, f.format, w)
		if err != nil {
			return err
		}
		if t.events > 0 {
			t.print(w, f.dataset, all)
		}
		sum.add(t)
	}
	if sum.events == 0 {
		return fmt.Errorf("%s holds no packages/*/data_stream/*/_dev/test/pipeline/*.log: name a checkout of elastic/integrations", folder)
	}
	sum.print(w, "all", false)
	return nil
}

// dataset compares the files of one dataset. What the lines of a file were not recognised as is printed.
func dataset(ctx context.Context, folder, name, format string, w io.Writer) (*tally, error) {
	t := &tally{dataset: name}
	pkg, stream, _ := strings.Cut(name, ".")
	files, err := filepath.Glob(filepath.Join(folder, "packages", pkg, "data_stream", stream, "_dev/test/pipeline/*.log"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	for _, file := range files {
		s, err := readSample(file)
		if err != nil {
			return nil, err
		}
		got, found, err := s.parse(ctx, "auto")
		if err != nil {
			return nil, err
		}
		if found != format {
			named, _, err := s.parse(ctx, format)
			if err != nil {
				return nil, err
			}
			auto, byName := &tally{dataset: name}, &tally{dataset: name}
			auto.compare(s, got)
			byName.compare(s, named)
			fmt.Fprintf(w, "%s %s: recognised as %s, %d of %d fields equal; as %s %d\n",
				name, filepath.Base(file), found, auto.equal, auto.fields, format, byName.equal)
		}
		t.compare(s, got)
	}
	return t, nil
}
