package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"gatewatch/collectors"
)

const collectorsAbout = `
  list [-kind KIND]  print every metric that collectors can give, or those of one key under collectors: in the configuration

Nothing is asked and no configuration is read. A name that ends with * stands for all that begin so; the kind "all" are the
metrics about the collectors themselves. docs/collectors.md says what each kind needs.

  gatewatch collectors list
  gatewatch collectors list -kind postgres
`

// ofAll is the kind of what is told of every collector.
const ofAll = "all"

func collectorsCommand(_ context.Context, flags *flag.FlagSet, args []string, out *output) error {
	kind := flags.String("kind", "", "only this kind, such as postgres")
	listing := len(args) > 0 && args[0] == "list"
	if listing {
		args = args[1:]
	}
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	switch {
	case !listing:
		return usageError{errors.New("what shall be done? list; -h explains")}
	case flags.NArg() > 0:
		return usageError{fmt.Errorf("list takes -kind and nothing else: %q", flags.Arg(0))}
	}
	var kinds []string
	w := tabwriter.NewWriter(out.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KIND\tMETRIC\tTYPE\tLABELS\tWHEN\tHELP")
	for _, m := range collectors.Catalogue() {
		if m.Kind == "" {
			m.Kind = ofAll
		}
		if !slices.Contains(kinds, m.Kind) {
			kinds = append(kinds, m.Kind)
		}
		if *kind == "" || *kind == m.Kind {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", m.Kind, m.Name, m.Type, dash(strings.Join(m.Labels, ",")), dash(m.When), m.Help)
		}
	}
	if *kind != "" && !slices.Contains(kinds, *kind) {
		return usageError{fmt.Errorf("there is no kind %q; there are %s", *kind, strings.Join(kinds, ", "))}
	}
	return w.Flush()
}
