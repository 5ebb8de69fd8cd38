package backups

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/tool"
)

// lister is a program that lists backups as JSON.
type lister struct {
	kind, program string
	// args are its fixed arguments; nothing is read by a shell.
	args        func(target string) []string
	needsTarget bool
	parse       func(data []byte, target string) ([]backup, error)
}

// backupTools is the table of all tools.
func backupTools() []lister {
	fixed := func(args ...string) func(string) []string { return func(string) []string { return args } }
	return []lister{
		{"pgbackrest", "pgbackrest", func(t string) []string { return []string{"--stanza=" + t, "info", "--output=json"} }, true, parsePgBackRest},
		{"wal-g", "wal-g", fixed("backup-list", "--detail", "--json"), false, parseWalG},
		{"barman", "barman", func(t string) []string { return []string{"--format", "json", "list-backup", t} }, true, parseBarman},
		{"restic", "restic", fixed("snapshots", "--json", "--no-lock"), false, parseRestic},
	}
}

// backupTool returns the tool of a kind, or nil.
func backupTool(kind string) *lister {
	for _, t := range backupTools() {
		if t.kind == kind {
			return &t
		}
	}
	return nil
}

// listWithTool runs the tool of the entry, or reads the file that holds what it printed. A tool that lists backups and complains
// gives both.
func listWithTool(ctx context.Context, cfg Config) ([]backup, error) {
	t := backupTool(cfg.Kind)
	var data []byte
	var err error
	if cfg.OutputFile != "" {
		data, err = tool.ReadOutput(cfg.OutputFile, time.Now().Add(-time.Duration(cfg.MaxAge)))
	} else {
		program := cfg.Program
		collect.SetDefault(&program, t.program)
		data, err = tool.Run(ctx, program, t.args(cfg.Target), cfg.Env)
	}
	if err != nil && len(data) == 0 {
		return nil, err
	}
	all, wrong := t.parse(data, cfg.Target)
	if err == nil && wrong != nil {
		err = fmt.Errorf("what %s printed: %w", cfg.Kind, wrong)
	}
	return all, err
}

func parsePgBackRest(data []byte, target string) ([]backup, error) {
	var stanzas []struct {
		Name   string `json:"name"`
		Status struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"status"`
		Backup []struct {
			Error     bool   `json:"error"`
			Type      string `json:"type"`
			Timestamp struct {
				Stop int64 `json:"stop"`
			} `json:"timestamp"`
			Info struct {
				Size       int64 `json:"size"`
				Repository struct {
					Size int64 `json:"size"`
				} `json:"repository"`
			} `json:"info"`
		} `json:"backup"`
	}
	if err := json.Unmarshal(data, &stanzas); err != nil {
		return nil, err
	}
	for _, s := range stanzas {
		if target != "" && s.Name != target {
			continue
		}
		var all []backup
		for _, b := range s.Backup {
			size := b.Info.Repository.Size
			collect.SetDefault(&size, b.Info.Size)
			all = append(all, backup{ended: time.Unix(b.Timestamp.Stop, 0), size: size, full: b.Type == "full", failed: b.Error})
		}
		// 2 is "no valid backups", which is an answer. Others can come with a list, as where repositories differ.
		if s.Status.Code != 0 && s.Status.Code != 2 {
			return all, fmt.Errorf("stanza %s: %s", s.Name, s.Status.Message)
		}
		return all, nil
	}
	return nil, errors.New("has no such stanza")
}

func parseWalG(data []byte, _ string) ([]backup, error) {
	var list []struct {
		Name       string    `json:"backup_name"`
		Time       time.Time `json:"time"`
		Finish     time.Time `json:"finish_time"`
		Compressed int64     `json:"compressed_size"`
		// WAL-G for MySQL has other names.
		Modified time.Time `json:"modify_time"`
		Stop     time.Time `json:"stop_local_time"`
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("is nothing: before version 3 that means that there is no backup, or that the storage does not answer")
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	var all []backup
	for _, b := range list {
		for _, at := range []time.Time{b.Stop, b.Time, b.Modified} {
			collect.SetDefault(&b.Finish, at)
		}
		if b.Finish.IsZero() {
			return nil, fmt.Errorf("has no time of the backup %s", b.Name)
		}
		// The name of what builds on another backup ends with _D_ and that one's.
		all = append(all, backup{ended: b.Finish, size: b.Compressed, full: !strings.Contains(b.Name, "_D_")})
	}
	return all, nil
}

func parseBarman(data []byte, target string) ([]backup, error) {
	type entry struct {
		ID     string `json:"backup_id"`
		Status string `json:"status"`
		// Text in some versions and a number in others.
		Ended any    `json:"end_time_timestamp"`
		Size  any    `json:"size_bytes"`
		Type  string `json:"backup_type"`
	}
	var servers map[string]json.RawMessage
	if err := json.Unmarshal(data, &servers); err != nil {
		return nil, err
	}
	raw, ok := servers[target]
	if target == "" && len(servers) == 1 {
		for _, raw = range servers {
			ok = true
		}
	}
	if !ok {
		return nil, errors.New("has no such server")
	}
	var list []entry
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	var all []backup
	for _, b := range list {
		// One that runs, or failed, has a status of its own; a good one is DONE, or waits for its WAL.
		bad := b.Status != "" && b.Status != "DONE" && b.Status != "WAITING_FOR_WALS"
		ended := time.Unix(number(b.Ended), 0)
		if number(b.Ended) == 0 {
			began, err := time.ParseInLocation("20060102T150405", b.ID, time.Local)
			if err != nil || b.Status != "FAILED" {
				continue // it still runs
			}
			ended = began // of a failed one nothing else is told
		}
		all = append(all, backup{ended: ended, size: number(b.Size), full: b.Type != "incremental", failed: bad})
	}
	return all, nil
}

// number reads a number that may be written as text; 0 when it is none.
func number(v any) int64 {
	switch v := v.(type) {
	case float64:
		return int64(v)
	case string:
		n, _ := strconv.ParseFloat(v, 64)
		return int64(n)
	}
	return 0
}

func parseRestic(data []byte, _ string) ([]backup, error) {
	var list []struct {
		Time    time.Time `json:"time"`
		Summary struct {
			End   time.Time `json:"backup_end"`
			Bytes int64     `json:"total_bytes_processed"`
		} `json:"summary"` // from 0.17 on
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	var all []backup
	for _, s := range list {
		collect.SetDefault(&s.Summary.End, s.Time)
		all = append(all, backup{ended: s.Summary.End, size: s.Summary.Bytes, full: true})
	}
	return all, nil
}
