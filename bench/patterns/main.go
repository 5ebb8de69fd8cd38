// Command patterns measures how well error messages are grouped, on labelled logs: the folder holds, for each system, a
// folder with a file *_structured*.csv whose columns Content and EventId are the message and the label (loghub's form).
//
//	go run ./bench/patterns [-label COLUMN] [-wrong N] FOLDER
//
// Grouping accuracy is the usual one: a message is right when its group has exactly the messages of its label.
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/patterns"
)

func main() {
	wrong := flag.Int("wrong", 0, "also print the largest N labels of each system that are not grouped as labelled")
	label := flag.String("label", "EventId", "the column with the labels")
	flag.Parse()
	files, err := filepath.Glob(filepath.Join(flag.Arg(0), "*", "*_structured*.csv"))
	if err != nil || len(files) == 0 || flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: patterns [-label COLUMN] [-wrong N] FOLDER, with FOLDER/*/*_structured*.csv in it")
		os.Exit(2)
	}
	var sum float64
	for _, file := range files {
		messages, err := read(file, *label)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		r := compare(messages)
		sum += r.accuracy
		fmt.Printf("%-12s messages %5d  labels %4d  groups %4d  accuracy %.4f  %4.0f ns/message\n",
			filepath.Base(filepath.Dir(file)), len(messages), r.labels, r.groups, r.accuracy, r.cost)
		for _, line := range r.wrong[:min(*wrong, len(r.wrong))] {
			fmt.Println("  " + line)
		}
	}
	fmt.Printf("average accuracy %.4f over %d systems\n", sum/float64(len(files)), len(files))
}

// message is one labelled message.
type message struct {
	text, label string
	group       string
}

func read(file, labels string) ([]message, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	text, label := -1, -1
	for i, name := range rows[0] {
		switch name {
		case "Content":
			text = i
		case labels:
			label = i
		}
	}
	if text < 0 || label < 0 {
		return nil, fmt.Errorf("read %s: the columns Content and %s are missing", file, labels)
	}
	var all []message
	for _, row := range rows[1:] {
		if max(text, label) < len(row) {
			all = append(all, message{text: row[text], label: row[label]})
		}
	}
	return all, nil
}

// group runs the messages through a tracker, as records of level error, and returns what one costs.
func group(messages []message) (nanoseconds float64) {
	t := patterns.New(patterns.DefaultConfig(), "", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	var ev event.Event
	pass := func(each func(i int)) {
		for i := range messages {
			ev.Reset()
			ev.Time = time.Now()
			ev.SetFact(event.Level, []byte("error"))
			ev.SetFact(event.Message, []byte(messages[i].text))
			t.Observe(&ev)
			each(i)
		}
	}
	pass(func(int) {})
	began := time.Now()
	// A word that turned out to vary makes one group of several: the second pass sees the groups as they are at the end.
	pass(func(i int) {
		if len(ev.Fields) > 0 {
			messages[i].group = string(ev.Fields[0].Value)
		}
	})
	return float64(time.Since(began).Nanoseconds()) / float64(max(len(messages), 1))
}
