package proxies

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
)

// maxStats is how much of HAProxy's statistics is read: some 400 bytes a server.
const maxStats = 4 << 20

// haproxy is one HAProxy. Metrics have the names and labels that its own exporter gives them, with name and instance.
type haproxy struct {
	cfg      HAProxyConfig
	instance string
	socket   string // "" when it is asked over HTTP
	client   *http.Client
	up       collect.Metric
	sections map[string]haproxySection
	info     []haproxyInfo
}

// newHAProxy returns the collector of one HAProxy.
func newHAProxy(cfg HAProxyConfig) (collect.Collector, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return collect.Collector{}, errors.New("url is not a URL")
	}
	var all collect.Metrics
	h := &haproxy{
		cfg: cfg, instance: u.Host, client: fetch.Client(), sections: haproxySections(&all), info: haproxyInfos(&all),
		up: all.Gauge("haproxy_up", "Whether HAProxy answered.", "name", "instance"),
	}
	if u.Scheme == "unix" {
		h.socket, h.instance = u.Path, u.Path
	}
	return collect.Collector{Name: "haproxy_" + cfg.Name, Metrics: all, Interval: time.Duration(cfg.Interval), Timeout: time.Duration(cfg.Timeout),
		Collect: h.collect, Stop: h.client.CloseIdleConnections}, nil
}

func (h *haproxy) collect(ctx context.Context, out *collect.Samples) error {
	var found collect.Samples
	err := h.ask(ctx, &found)
	out.Add(h.up, collect.Bool(err == nil), h.cfg.Name, h.instance)
	if err != nil {
		return err
	}
	for _, m := range found.Metrics {
		out.Take(m)
	}
	out.Dropped += found.Dropped
	return nil
}

func (h *haproxy) ask(ctx context.Context, out *collect.Samples) error {
	if h.socket == "" {
		stats, err := fetch.Text(ctx, h.client, h.cfg.URL, maxStats)
		if err != nil {
			return err
		}
		return h.stats(stats, out)
	}
	stats, err := askSocket(ctx, h.socket, "show stat")
	if err != nil {
		return err
	}
	if err := h.stats(stats, out); err != nil {
		return err
	}
	info, err := askSocket(ctx, h.socket, "show info")
	if err != nil {
		return err
	}
	values := map[string]string{}
	for line := range strings.Lines(info) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		values[key] = value
	}
	for _, i := range h.info {
		if v, err := strconv.ParseFloat(values[i.key], 64); err == nil {
			out.Add(i.Metric, v, h.cfg.Name, h.instance)
		}
	}
	return nil
}

// askSocket sends one command to HAProxy's socket and returns the answer.
func askSocket(ctx context.Context, socket, command string) (string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return "", err
		}
	}
	if _, err := io.WriteString(conn, command+"\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(io.LimitReader(bufio.NewReader(conn), maxStats+1))
	if err == nil && len(answer) > maxStats {
		err = fmt.Errorf("the answer has more than %d bytes", maxStats)
	}
	return string(answer), err
}

// stats reads the table that HAProxy gives as CSV. Columns go by their names: versions add some.
func (h *haproxy) stats(text string, out *collect.Samples) error {
	rows := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "# ")))
	rows.FieldsPerRecord = -1
	head, err := rows.Read()
	if err != nil || len(head) < 2 || head[0] != "pxname" || head[1] != "svname" {
		return errors.New("the answer is no table of HAProxy; a url ends with ;csv")
	}
	var lines []haproxyLine
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the table: %w", err)
		}
		line := make(map[string]string, len(head))
		for i := range min(len(head), len(row)) {
			line[head[i]] = row[i]
		}
		if one, ok := h.of(line); ok {
			lines = append(lines, one)
		}
	}
	// Of more servers than there is room for, each one's state counts for more than what some of them have done.
	for _, line := range lines {
		line.state(out)
	}
	for _, line := range lines {
		line.numbers(out)
	}
	return nil
}

// haproxyLine is what is told of a frontend, a backend or a server.
type haproxyLine struct {
	haproxySection
	labels []string
	of     map[string]string
}

// of tells what a line of the table is about. The sockets of a frontend, which have lines with "option socket-stats", are none
// of what is told.
func (h *haproxy) of(line map[string]string) (one haproxyLine, ok bool) {
	kind := map[string]string{"0": "frontend", "1": "backend", "2": "server"}[line["type"]]
	if kind == "" && line["type"] != "" {
		return haproxyLine{}, false
	}
	if kind == "" {
		kind = "server"
		switch line["svname"] {
		case "FRONTEND":
			kind = "frontend"
		case "BACKEND":
			kind = "backend"
		}
	}
	labels := []string{h.cfg.Name, h.instance, line["pxname"]}
	if kind == "server" {
		labels = append(labels, line["svname"])
	}
	return haproxyLine{h.sections[kind], labels, line}, true
}

func (l haproxyLine) with(more ...string) []string { return slices.Concat(l.labels, more) }

// haproxyStates are the words that stand for another state, as HAProxy's own exporter has it: what is not checked is taken for up.
var haproxyStates = map[string]string{"OPEN": "UP", "FULL": "UP", "no": "UP", "STOP": "DOWN"}

// state gives its state. "UP 1/2" is a server on its way down, "DOWN (agent)" one that its agent took out.
func (l haproxyLine) state(out *collect.Samples) {
	now, _, _ := strings.Cut(l.of["status"], " ")
	if other, ok := haproxyStates[now]; ok {
		now = other
	}
	for _, s := range l.states {
		out.Add(l.status, collect.Bool(s == now), l.with(s)...)
	}
}

// numbers gives what is counted of it.
func (l haproxyLine) numbers(out *collect.Samples) {
	for _, c := range l.columns {
		if v, err := strconv.ParseFloat(l.of[c.column], 64); err == nil && v >= 0 {
			out.Add(c.Metric, v*c.scale, l.with()...)
		}
	}
	for column, code := range haproxyCodes {
		if v, err := strconv.ParseFloat(l.of[column], 64); err == nil {
			out.Add(l.responses, v, l.with(code)...)
		}
	}
}
