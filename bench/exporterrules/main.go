// Command exporterrules tells which alert rules that were written for Prometheus' exporters find their metrics with
// Gatewatch. FILE is _data/rules.yml of a checkout of github.com/samber/awesome-prometheus-alerts, or a Prometheus rule
// file of one's own.
//
//	go run ./bench/exporterrules FILE
//	go run ./bench/exporterrules -agent http://127.0.0.1:9600 FILE        # and asks a running agent each of them
//	go run ./bench/exporterrules -write FILE.md FILE                      # and puts the table into a document
//
// A rule matches when every metric that it asks for is in the catalogue of collectors, with every label that it selects.
// It is live on an agent that has series for it: those that it would compare with its thresholds, after all that joins
// and sums them. BenchmarkLive starts a server of each kind, an agent, and Debian's exporters beside it, and asks both:
//
//	GATEWATCH_SERVERS=1 go test ./bench/exporterrules -run '^$' -bench Live -benchtime 1x -rules FILE
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"gatewatch/collectors"
	"gatewatch/internal/marked"
)

func main() {
	agent := flag.String("agent", "", "address of a running agent that is asked each rule")
	write := flag.String("write", "", "Markdown file whose table is replaced, between the marks in it")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: exporterrules [-agent URL] [-write DOCUMENT] FILE, with alert rules in it")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *agent, *write, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "exporterrules:", err)
		os.Exit(1)
	}
}

func run(file, agent, document string, out io.Writer) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	verdicts, err := judge(text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var asked []place
	if agent != "" {
		asked = []place{{name: "live", address: strings.TrimSuffix(agent, "/")}}
	}
	if err := askAll(asked, verdicts); err != nil {
		return err
	}
	table := report(verdicts, asked)
	fmt.Fprint(out, table)
	if document == "" {
		return nil
	}
	return marked.Replace(document, "exporter rules", table)
}

// judge looks up what each rule of text asks for.
func judge(text []byte) ([]verdict, error) {
	groups, err := readRules(text)
	if err != nil {
		return nil, err
	}
	known := newNames(collectors.Catalogue())
	var all []verdict
	for _, g := range groups {
		for _, r := range g.rules {
			v, err := known.judge(r)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", g.name, r.name, err)
			}
			v.group = g.name
			all = append(all, v)
		}
	}
	return all, nil
}
