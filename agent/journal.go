package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatewatch/configs"
	"gatewatch/event"
	"gatewatch/journal"
)

const journalAbout = `
  cat      print the records as JSON lines, the oldest first
  verify   read everything; report what is damaged and how many records that cost; exit code 1 when something is
  stats    print sizes, time span, how far each consumer is, and the records by provider and outcome

Nothing is changed and no lock is needed: it works while an agent runs. Words after "cat" must all stand in a record;
NAME=VALUE wants a field to have that value.

  gatewatch journal cat -from 2026-11-22T08:00:00Z payment.provider=alipay 超时
  gatewatch journal verify -config /etc/gatewatch/gatewatch.yml
`

func inspectJournal(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error {
	data := flags.String("data", "", "folder of the agent's data (default: data_dir of the configuration, or "+localData()+" without one)")
	config := flags.String("config", "", "configuration file that says where the data is")
	from := flags.String("from", "", "cat: first time wanted, such as 2026-11-22T08:00:00Z, or a duration before now, such as 15m")
	to := flags.String("to", "", "cat: first time not wanted any more")
	work, err := journalWork(flags, args)
	if err != nil {
		return err
	}
	q, err := catQuery(*from, *to, flags.Args(), time.Now())
	if err != nil {
		return err
	}
	if work != "cat" && (flags.NArg() > 0 || *from != "" || *to != "") {
		return usageError{fmt.Errorf("%s takes no times and no words", work)}
	}
	dir, err := journalDir(*data, *config)
	if err != nil {
		fmt.Fprintln(out.stderr, err)
		return usageError{}
	}
	view, err := journal.OpenView(dir)
	if err != nil {
		return err
	}
	switch work {
	case "cat":
		return catJournal(ctx, view, q, out.stdout)
	case "verify":
		return verifyJournal(ctx, view, out.stdout)
	}
	return printStats(ctx, view, out.stdout)
}

// journalWork takes the word that says what to do off args, and parses the flags behind it.
func journalWork(flags *flag.FlagSet, args []string) (string, error) {
	if len(args) > 0 && slices.Contains([]string{"cat", "verify", "stats"}, args[0]) {
		return args[0], parseFlags(flags, args[1:])
	}
	if err := parseFlags(flags, args); err != nil {
		return "", err
	}
	return "", usageError{errors.New("what shall be done? cat, verify or stats; -h explains")}
}

func journalDir(data, config string) (string, error) {
	if data == "" {
		data = localData()
		if config != "" {
			cfg, err := configs.Load(config, os.LookupEnv)
			if err != nil {
				return "", err
			}
			data = cfg.DataDir
		}
	}
	return filepath.Join(data, "journal"), nil
}

func catQuery(from, to string, words []string, now time.Time) (q journal.Query, err error) {
	if q.From, err = moment("from", from, now); err != nil {
		return q, err
	}
	if q.To, err = moment("to", to, now); err != nil {
		return q, err
	}
	for _, w := range words {
		if name, value, found := strings.Cut(w, "="); found {
			q.Equal = append(q.Equal, journal.Match{Name: name, Value: value})
		} else {
			q.Words = append(q.Words, w)
		}
	}
	return q, nil
}

// moment reads a time, or how long before now it was.
func moment(name, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, usageError{fmt.Errorf("-%s %q is neither a time like 2026-11-22T08:00:00Z nor a duration like 15m", name, text)}
	}
	return t, nil
}

func catJournal(ctx context.Context, view *journal.View, q journal.Query, stdout io.Writer) error {
	w := bufio.NewWriter(stdout)
	heads := map[*event.Source]string{}
	err := view.Records(ctx, q, func(r *journal.Record) error {
		head, known := heads[r.Source]
		if !known {
			head = sourceFields(r.Source)
			heads[r.Source] = head
		}
		_, err := fmt.Fprintf(w, "%s\"log.offset\":%d", head, r.Offset)
		if rest := r.Document[min(1, len(r.Document)):]; err == nil && len(rest) > 1 {
			_, err = fmt.Fprintf(w, ",%s\n", rest)
		} else if err == nil {
			_, err = w.WriteString("}\n")
		}
		return err
	})
	if ferr := w.Flush(); err == nil {
		err = ferr
	}
	return err
}

// sourceFields returns the beginning of a document: what its source gives to all of them.
func sourceFields(s *event.Source) string {
	b := []byte{'{'}
	add := func(name, value string) {
		if value == "" {
			return
		}
		b = append(event.AppendJSONString(b, name), ':')
		b = append(event.AppendJSONString(b, value), ',')
	}
	add("host.name", s.Host)
	add("log.file.path", s.Path)
	add("event.dataset", s.Dataset)
	for _, label := range slices.Sorted(maps.Keys(s.Labels)) {
		name := "labels." + label
		if label == "service" {
			name = "service.name"
		}
		add(name, s.Labels[label])
	}
	return string(b)
}

func verifyJournal(ctx context.Context, view *journal.View, stdout io.Writer) error {
	report, err := view.Verify(ctx)
	if err != nil {
		return err
	}
	for _, d := range report.Damage {
		cost := "an unknown number of records is lost"
		if d.Records >= 0 {
			cost = fmt.Sprintf("%d records are lost", d.Records)
		}
		fmt.Fprintf(stdout, "segment %d, bytes %d to %d: damaged, %s\n", d.Segment, d.From, d.To, cost)
	}
	fmt.Fprintf(stdout, "%d segments, %d blocks, %d records are good\n", report.Segments, report.Blocks, report.Records)
	if report.Unfinished > 0 {
		fmt.Fprintf(stdout, "the last %d bytes are a block that is not finished; its lines are read from the logs again\n", report.Unfinished)
	}
	if n := len(report.Damage); n > 0 {
		return fmt.Errorf("%d parts of the journal are damaged", n)
	}
	return nil
}

func printStats(ctx context.Context, view *journal.View, stdout io.Writer) error {
	st, err := view.Stats(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "segments   %d, of which %d are sealed\n", st.Segments, st.Sealed)
	fmt.Fprintf(stdout, "records    %d in %d blocks\n", st.Records, st.Blocks)
	fmt.Fprintf(stdout, "bytes      %d", st.Bytes)
	if st.Records > 0 && st.Bytes > 0 {
		fmt.Fprintf(stdout, ": %.1f a record, compressed %.1f to 1", float64(st.Bytes)/float64(st.Records), float64(st.Raw)/float64(st.Bytes))
	}
	if st.SealedRecords > 0 {
		fmt.Fprintf(stdout, "; sealed %.1f a record", float64(st.SealedBytes)/float64(st.SealedRecords))
	}
	fmt.Fprintln(stdout)
	if !st.Oldest.IsZero() {
		fmt.Fprintf(stdout, "times      %s to %s\n", st.Oldest.Format(time.RFC3339Nano), st.Newest.Format(time.RFC3339Nano))
	}
	for _, c := range st.Consumers {
		fmt.Fprintf(stdout, "consumer   %s at %s, %d records behind\n", c.Name, c.Cursor, c.Records)
	}
	return printProviders(ctx, view, stdout)
}

// printProviders prints how many records of each provider had which outcome.
func printProviders(ctx context.Context, view *journal.View, stdout io.Writer) error {
	found, err := view.Count(ctx, journal.CountQuery{By: []string{"payment.provider", "payment.outcome"}})
	if err != nil {
		return err
	}
	for _, c := range found.Counts {
		if provider, outcome := c.Values[0], c.Values[1]; provider != "" {
			fmt.Fprintf(stdout, "provider   %s: %d %s\n", provider, c.Records, cmp.Or(outcome, "without an outcome"))
		}
	}
	return nil
}
