package proxies

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/prometheus/procfs"
)

// maxConfigBytes is how much of one file of nginx's configuration is read.
const maxConfigBytes = 1 << 20

// What nginx does when its configuration does not say.
const (
	defaultWorkerConnections = 512
	defaultWorkers           = 1
)

var (
	nginxComment     = regexp.MustCompile(`(?m)(^|[\s;{}])#.*$`)
	nginxEvents      = regexp.MustCompile(`(?:^|[\s;}])events\s*\{`)
	nginxConnections = regexp.MustCompile(`[\s;{}]worker_connections\s+(\d+)\s*;`)
	nginxWorkers     = regexp.MustCompile(`(?:^|[\s;}])worker_processes\s+(\d+|auto)\s*;`)
)

// connectionsLimit returns how many connections nginx can have open, to clients and to upstreams together: those of a
// worker times the workers, as the files say. ok is false when none of them is the main one, the one with events.
// stub_status does not tell it, and nginx -T may only be asked by who may read the keys of certificates.
func connectionsLimit(globs []string, proc string) (limit float64, ok bool) {
	workers, each := float64(defaultWorkers), float64(defaultWorkerConnections)
	looked := 0
	for _, glob := range globs {
		files, _ := filepath.Glob(glob) // checked with the configuration
		for _, file := range files {
			if looked++; looked > maxConfigFiles {
				return 0, false
			}
			text := nginxComment.ReplaceAll(readBounded(file), []byte("$1"))
			ok = ok || nginxEvents.Match(text)
			if found := nginxConnections.FindSubmatch(text); found != nil {
				each, _ = strconv.ParseFloat(string(found[1]), 64)
			}
			if found := nginxWorkers.FindSubmatch(text); found != nil {
				workers = workerNumber(string(found[1]), proc)
			}
		}
	}
	return workers * each, ok && workers > 0
}

// workerNumber reads worker_processes; auto is one for each CPU. 0 when the CPUs cannot be counted.
func workerNumber(text, proc string) float64 {
	if number, err := strconv.ParseFloat(text, 64); err == nil {
		return number
	}
	fs, err := procfs.NewFS(proc)
	if err != nil {
		return 0
	}
	stat, err := fs.Stat()
	if err != nil {
		return 0
	}
	return float64(len(stat.CPU))
}

// readBounded returns a file's text; nothing when it cannot be read or is too long.
func readBounded(path string) []byte {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxConfigBytes+1))
	if err != nil || len(text) > maxConfigBytes {
		return nil
	}
	return bytes.TrimPrefix(text, []byte("\ufeff"))
}
