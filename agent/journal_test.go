package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"gatewatch/event"
	"gatewatch/journal"
)

// keptJournals makes the folders data and damaged, each with a journal of two records; of one the disk took a bit.
func keptJournals(work string) error {
	for _, data := range []string{"data", "damaged"} {
		if err := keepJournal(filepath.Join(work, data, "journal")); err != nil {
			return err
		}
	}
	segments, err := filepath.Glob(filepath.Join(work, "damaged", "journal", "*.gwj"))
	if err != nil || len(segments) != 1 {
		return errors.Join(err, errors.New("not one segment"))
	}
	content, err := os.ReadFile(segments[0])
	if err != nil {
		return err
	}
	content[len(content)-1] ^= 1
	return os.WriteFile(segments[0], content, 0o600)
}

func keepJournal(dir string) error {
	j, err := journal.Open(dir, journal.DefaultConfig(), slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return err
	}
	source := &event.Source{ID: 1, Path: "/var/log/pay.log", Host: "gw1", Dataset: "app", Labels: map[string]string{"service": "pay"}}
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	err = j.Append(journal.Batch{Records: []journal.Record{
		{Source: source, Time: at, Document: []byte(`{"@timestamp":"2026-11-22T08:00:00.000Z","payment.provider":"alipay"}`)},
		{Source: source, Offset: 100, Time: at.Add(time.Second), Document: []byte(`{"@timestamp":"2026-11-22T08:00:01.000Z","message":"余额不足"}`)},
	}})
	cursor := os.WriteFile(filepath.Join(dir, "cursors", "elasticsearch"), []byte("1:32\n"), 0o600)
	return errors.Join(err, cursor, j.Close())
}
