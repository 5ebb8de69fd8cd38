// Command exporterrules tells which alert rules that were written for Prometheus' exporters find their metrics with
// Gatewatch. FILE is _data/rules.yml of a checkout of github.com/samber/awesome-prometheus-alerts, or a Prometheus rule
// file of one's own.
//
//	go run ./bench/exporterrules FILE
//	go run ./bench/exporterrules -agent http://127.0.0.1:9600 FILE        # and asks a running agent each of them
//	go run ./bench/exporterrules -write docs/exporter-rules.md FILE       # and puts the table into the document
//
// A rule matches when every metric that it asks for is in the catalogue of collectors, with every label that it selects
// or joins by. A running agent also says whether it evaluates the rule, and which of its metrics have series there.
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
	groups, err := readRules(text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	known := newNames(collectors.Catalogue())
	var verdicts []verdict
	for _, g := range groups {
		for _, r := range g.rules {
			v, err := known.judge(r)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", g.name, r.name, err)
			}
			v.group = g.name
			verdicts = append(verdicts, v)
		}
	}
	if agent != "" {
		if err := askAll(strings.TrimSuffix(agent, "/"), verdicts); err != nil {
			return err
		}
	}
	table := report(verdicts, agent != "")
	fmt.Fprint(out, table)
	if document == "" {
		return nil
	}
	return marked.Replace(document, "exporter rules", table)
}
