package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"gatewatch/event"
	"gatewatch/payment"
	"gatewatch/pipeline"
	"gatewatch/redact"
)

// document is a document by the dotted names of its fields.
type document map[string]any

// sample is a log file with the documents that are expected of it.
type sample struct {
	path     string
	text     []byte
	starts   []int64 // where the lines of each expected document begin
	want     []document
	timezone string // as time.LoadLocation knows it
}

// settings are what a sample's configuration says, as far as it matters here.
type settings struct {
	Multiline struct {
		First string `yaml:"first_line_pattern"`
	} `yaml:"multiline"`
	Fields map[string]any `yaml:"fields"`
}

func readSample(path string) (*sample, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set, err := readSettings(path)
	if err != nil {
		return nil, err
	}
	expected, err := os.ReadFile(path + "-expected.json")
	if err != nil {
		return nil, err
	}
	var all struct{ Expected []map[string]any }
	dec := json.NewDecoder(bytes.NewReader(expected))
	dec.UseNumber()
	if err := dec.Decode(&all); err != nil {
		return nil, fmt.Errorf("read %s-expected.json: %w", path, err)
	}
	s := &sample{path: path, text: text, timezone: zone(fmt.Sprint(set.Fields["event.timezone"]))}
	if s.starts, err = entries(text, set.Multiline.First); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, doc := range all.Expected {
		s.want = append(s.want, flat(doc))
	}
	if len(s.want) != len(s.starts) {
		return nil, fmt.Errorf("%s: %d documents are expected of %d records", path, len(s.want), len(s.starts))
	}
	return s, nil
}

// readSettings reads the configuration of one log file, or that of all in its folder.
func readSettings(path string) (set settings, err error) {
	for _, file := range []string{path + "-config.yml", filepath.Join(filepath.Dir(path), "test-common-config.yml")} {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = yaml.Unmarshal(text, &set)
		}
		if err != nil {
			return set, fmt.Errorf("read %s: %w", file, err)
		}
		return set, nil
	}
	return set, nil
}

// entries returns where the records of a text begin: at each line, or at each that fits the expression.
func entries(text []byte, first string) (starts []int64, err error) {
	re, err := regexp.Compile(first)
	if err != nil {
		return nil, err
	}
	var at int64
	for line := range bytes.Lines(text) {
		if len(starts) == 0 || re.Match(bytes.TrimRight(line, "\r\n")) {
			starts = append(starts, at)
		}
		at += int64(len(line))
	}
	return starts, nil
}

var offset = regexp.MustCompile(`^(?:GMT|UTC)?([+-])(\d{1,2})(?:00)?$`)

// zone returns the name of a time zone that is written as an offset. Those names count the other way round.
func zone(text string) string {
	m := offset.FindStringSubmatch(text)
	if m == nil {
		return "UTC"
	}
	hours, err := strconv.Atoi(m[2])
	if err != nil || hours == 0 {
		return "UTC"
	}
	return "Etc/GMT" + map[string]string{"+": "-", "-": "+"}[m[1]] + strconv.Itoa(hours)
}

// parse returns the document of each expected one, nil where a record is part of one before, and the name of the format.
// A record that holds several of those expected is compared with the first of them.
func (s *sample) parse(ctx context.Context, format string) ([]document, string, error) {
	parts, err := offline()
	if err != nil {
		return nil, "", err
	}
	cfg := pipeline.GroupConfig{Paths: []string{s.path}, Format: format, Timezone: s.timezone}
	cfg.SetDefaults()
	var offsets []int64
	var docs []document
	var failed error
	found, err := pipeline.ReadAll(ctx, bytes.NewReader(s.text), s.path, cfg, parts, func(ev *event.Event) {
		doc, err := object(event.AppendDocument(nil, ev))
		if err != nil {
			failed = fmt.Errorf("%s: document of byte %d: %w", s.path, ev.Offset, err)
		}
		offsets, docs = append(offsets, ev.Offset), append(docs, withCategories(flat(doc), ev.Source.Dataset))
	})
	aligned := make([]document, len(s.want))
	for i, offset := range offsets {
		end := int64(len(s.text))
		if i+1 < len(offsets) {
			end = offsets[i+1]
		}
		if k := s.expected(offset, end); k >= 0 && aligned[k] == nil {
			aligned[k] = docs[i]
		}
	}
	return aligned, found, errors.Join(err, failed)
}

// withCategories returns the document with what the output adds to those of its dataset.
func withCategories(doc document, dataset string) document {
	category, kind := event.Categories(dataset)
	for name, value := range map[string]string{"event.category": category, "event.type": kind} {
		if value != "" {
			doc[name] = value
		}
	}
	return doc
}

// expected returns the first expected document whose lines begin from start on and before end, or the one whose lines
// those are; -1 for none.
func (s *sample) expected(start, end int64) int {
	last := -1
	for k, at := range s.starts {
		switch {
		case at >= end:
			return last
		case s.want[k] == nil:
		case at >= start:
			return k
		case k+1 == len(s.starts) || s.starts[k+1] > start:
			last = k
		}
	}
	return last
}

// offline are the stages of a pipeline that keeps nothing.
func offline() (pipeline.Parts, error) {
	classifier, err := payment.New("")
	if err != nil {
		return pipeline.Parts{}, err
	}
	reg := prometheus.NewRegistry()
	return pipeline.Parts{
		Host: "host", Redactor: redact.New(redact.DefaultConfig(), reg), Classifier: classifier,
		Metrics: pipeline.NewMetrics(reg), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}, nil
}

// object reads a JSON object, with its numbers as they are written.
func object(text []byte) (map[string]any, error) {
	var doc map[string]any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	err := dec.Decode(&doc)
	return doc, err
}

// flat returns a document with the objects in it taken apart, those under "fields" too.
func flat(doc map[string]any) document {
	if doc == nil {
		return nil
	}
	out := document{}
	var walk func(prefix string, in map[string]any)
	walk = func(prefix string, in map[string]any) {
		for name, value := range in {
			if below, ok := value.(map[string]any); ok {
				walk(prefix+name+".", below)
			} else {
				out[strings.TrimPrefix(prefix+name, "fields.")] = value
			}
		}
	}
	walk("", doc)
	return out
}
