package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"gatewatch/internal/faults/gatewaylog"
)

// contender is a program that follows a log.
type contender struct {
	name string
	// does says what it does with a line.
	does string
	// command returns what follows the file log and keeps its state in dir.
	command func(b *bench, dir, log, format string) (*exec.Cmd, error)
	// sends says that it sends what it reads to the sink; else it prints how many lines it has counted.
	sends bool
	// kept is the folder below dir whose size counts as bytes on disk; "" when it keeps nothing.
	kept string
	// later is the metric of the CPU seconds that go into packing what is kept, off the lines' way.
	later string
	// fromEnd says that it skips what a file holds when it is found, so that lines have to be written into one.
	fromEnd bool
}

// contenders are all that are measured.
func contenders() []contender {
	return []contender{
		{"gatewatch", "JSON → redact → classify → metrics → journal → bulk, alert rules, host metrics", gatewatch, true, "data/journal", "gatewatch_journal_seal_cpu_seconds_total", false},
		{"rsyslog", "JSON → bulk (nginx: text → bulk)", rsyslog, true, "", "", false},
		{"mtail", "regular expressions → metrics", mtail, false, "", "", true},
		{"hpcloud/tail", "counts lines", baseline("hpcloud"), false, "", "", false},
		{"nxadm/tail", "counts lines", baseline("nxadm"), false, "", "", false},
	}
}

// errMissing says that a program is not installed.
var errMissing = errors.New("not installed")

func find(name string) (string, error) {
	for _, candidate := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, errMissing)
}

func gatewatch(b *bench, dir, log, _ string) (*exec.Cmd, error) {
	config := filepath.Join(dir, "gatewatch.yml")
	text := fmt.Sprintf("data_dir: %q\nhttp: {listen: \"127.0.0.1:%s\"}\nlogs: [{paths: [%q]}]\noutputs: {elasticsearch: {urls: [\"http://%s\"]}}\n",
		filepath.Join(dir, "data"), b.port, log, b.server.Addr)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return exec.Command(b.program("agent"), "run", "-config", config), nil
}

// rsyslogConfig makes rsyslog read JSON lines into fields and write them out as JSON again. A line of nginx becomes the
// message of a document.
const rsyslogConfig = `global(workDirectory="%[1]s")
module(load="imfile")
module(load="mmjsonparse")
module(load="omelasticsearch")
template(name="json" type="string" string="%%$!all-json%%")
template(name="nginx" type="list") { constant(value="{\"message\":\"") property(name="msg" format="json") constant(value="\"}") }
input(type="imfile" file="%[2]s" tag="gw" ruleset="send")
ruleset(name="send" queue.type="LinkedList" queue.size="50000" queue.dequeueBatchSize="2000") {
	%[5]s
	action(type="omelasticsearch" server="%[3]s" template="%[4]s" searchIndex="gw" searchType="" bulkmode="on" maxbytes="1m" action.resumeRetryCount="-1")
}
`

func rsyslog(b *bench, dir, log, format string) (*exec.Cmd, error) {
	path, err := find("rsyslogd")
	if err != nil {
		return nil, err
	}
	parse := ""
	if format == gatewaylog.JSON {
		parse = `action(type="mmjsonparse" cookie="")`
	}
	config := filepath.Join(dir, "rsyslog.conf")
	text := fmt.Sprintf(rsyslogConfig, dir, log, "http://"+b.server.Addr, format, parse)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return exec.Command(path, "-n", "-f", config, "-i", filepath.Join(dir, "pid")), nil
}

// mtailPrograms count payments by provider and outcome, or requests by method and code, with a histogram of latencies.
// They print nothing: the number of lines is read from mtail's page.
var mtailPrograms = map[string]string{
	gatewaylog.JSON: `counter payments by provider, status
histogram latency_ms by provider buckets 50, 100, 250, 500, 1000, 3000, 10000
counter read
/"provider":"(?P<provider>[^"]+)".*"status":"(?P<status>[^"]+)".*"latency_ms":(?P<ms>[0-9.]+)/ {
  payments[$provider][$status]++
  latency_ms[$provider] = $ms
}
/$/ {
  read++
}
`,
	gatewaylog.Nginx: `counter requests by method, code
histogram seconds by method buckets 0.05, 0.1, 0.25, 0.5, 1, 3, 10
counter read
/"(?P<method>[A-Z]+) [^"]*" (?P<code>\d{3}) \d+ .* (?P<s>[0-9.]+)$/ {
  requests[$method][$code]++
  seconds[$method] = $s
}
/$/ {
  read++
}
`,
}

func mtail(b *bench, dir, log, format string) (*exec.Cmd, error) {
	path, err := find("mtail")
	if err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "lines.mtail")
	if err := os.WriteFile(program, []byte(mtailPrograms[format]), 0o600); err != nil {
		return nil, err
	}
	return exec.Command(path, "-progs", program, "-logs", log, "-address", "127.0.0.1", "-port", b.port, "-logtostderr"), nil
}

// baseline is a program in bench/baselines.
func baseline(name string) func(*bench, string, string, string) (*exec.Cmd, error) {
	return func(b *bench, _, log, _ string) (*exec.Cmd, error) {
		path := b.program(name)
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.ToLower(name), errMissing)
		}
		return exec.Command(path, log), nil
	}
}
