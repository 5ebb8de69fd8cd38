package routing

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	amconfig "github.com/prometheus/alertmanager/config"
	"go.yaml.in/yaml/v3"

	"gatewatch/internal/invalid"
)

// read fills p from a configuration file of Alertmanager, which its own package reads. What Gatewatch cannot do is a
// mistake or a warning with its line.
func (p *Plan) read(path string, own []string) error {
	var m invalid.Mistakes
	text, err := os.ReadFile(path)
	if err != nil {
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err
		}
		m.Add("", "%s: %v", path, err)
		return m
	}
	cfg, err := amconfig.LoadFile(path)
	var root yaml.Node
	if err == nil {
		err = yaml.Unmarshal(text, &root)
	}
	if err != nil {
		m.Add("", "%s: %s", path, oneLine(err.Error()))
		return m
	}
	f := &amFile{path: path, plan: p, m: &m, taken: slices.Clone(own), spots: map[string]string{}}
	f.global(below(document(&root), "global"), cfg.Global)
	f.top(document(&root))
	f.receivers(cfg.Receivers, below(document(&root), "receivers"))
	f.validate(own)
	p.Route, p.Inhibit = cfg.Route, cfg.InhibitRules
	for _, t := range cfg.TimeIntervals {
		p.Intervals[t.Name] = t.TimeIntervals
	}
	for _, t := range cfg.MuteTimeIntervals {
		p.Intervals[t.Name] = t.TimeIntervals
	}
	return m.Err()
}

// amFile is a configuration file of Alertmanager that is read into a plan.
type amFile struct {
	path  string
	plan  *Plan
	m     *invalid.Mistakes
	taken []string // names of receivers that are in use
	// spots are where receivers of the plan stand in the file, by their paths, as in webhooks[0].
	spots map[string]string
}

func (f *amFile) spot(list string, i int, where string, n *yaml.Node) {
	f.spots[index(list, i)] = fmt.Sprintf("%s:%d: %s", f.path, line(n), where)
}

// validate lets the receivers of the plan say what is wrong with them.
func (f *amFile) validate(own []string) {
	var found invalid.Mistakes
	for i := range f.plan.Slack {
		found.AddIn(index("slack", i), f.plan.Slack[i].Validate())
	}
	f.plan.Others.SetDefaults()
	found.AddIn("", f.plan.Others.Validate(own...))
	for _, one := range found {
		spot, key, _ := strings.Cut(one.Path, "]")
		f.m.Add("", "%s: %s", f.spots[spot+"]"], strings.TrimSpace(strings.TrimPrefix(key, ".")+" "+one.Text))
	}
}

func (f *amFile) mistake(n *yaml.Node, format string, args ...any) {
	f.m.Add("", "%s:%d: %s", f.path, line(n), fmt.Sprintf(format, args...))
}

func (f *amFile) warn(n *yaml.Node, format string, args ...any) {
	f.plan.Warnings = append(f.plan.Warnings, fmt.Sprintf("%s:%d: %s", f.path, line(n), fmt.Sprintf(format, args...)))
}

// top warns of sections without effect.
func (f *amFile) top(root *yaml.Node) {
	for _, name := range []string{"templates", "tracing", "event_recorder"} {
		if n := below(root, name); n != nil && len(n.Content) > 0 {
			f.warn(n, "%s has no effect here%s", name, map[string]string{"templates": ": Gatewatch writes its messages itself"}[name])
		}
	}
}

// global looks at what holds for all receivers. What single receivers take from it is looked at there.
func (f *amFile) global(n *yaml.Node, g *amconfig.GlobalConfig) {
	if http := below(n, "http_config"); http != nil {
		f.http("global", http)
	}
	if hello := below(n, "smtp_hello"); hello != nil {
		f.warn(hello, "smtp_hello has no effect here: the host's name is said")
	}
}

// http looks at settings of HTTP. Those that are supported beside the usual ones are named.
func (f *amFile) http(where string, n *yaml.Node, supported ...string) {
	for key, value := range pairs(n) {
		switch key {
		case "follow_redirects", "enable_http2", "proxy_from_environment":
			// Redirects are never followed, HTTP/2 and the environment's proxy are used.
		default:
			if slices.Contains(supported, key) {
				continue
			}
			f.mistake(value, "%s: http_config.%s is not supported%s", where, key, map[string]string{
				"proxy_url": ": set HTTPS_PROXY for the agent", "tls_config": ": install the certificate authority on the host",
			}[key])
		}
	}
}

var noSlug = regexp.MustCompile(`[^a-z0-9_-]+`)

// slug makes the name of a receiver one that can be a file's: the same when it can, else with a part of its hash.
func slug(name string) string {
	const most = 20
	s := strings.Trim(noSlug.ReplaceAllString(strings.ToLower(name), "-"), "-_")
	if s == name && len(s) <= most {
		return s
	}
	sum := sha256.Sum256([]byte(name))
	return strings.Trim(s[:min(len(s), most-7)]+"-"+hex.EncodeToString(sum[:3]), "-")
}

// integration returns the name of the i-th integration of a kind, and takes it.
func (f *amFile) integration(receiver, kind string, i int, n *yaml.Node) string {
	name := slug(receiver) + "-" + kind
	if i > 0 {
		name = fmt.Sprintf("%s-%d", name, i+1)
	}
	if slices.Contains(f.taken, name) {
		f.mistake(n, "receiver %q: its name here, %s, is taken", receiver, name)
	}
	f.taken = append(f.taken, name)
	f.plan.Receivers[receiver] = append(f.plan.Receivers[receiver], name)
	return name
}

// secretFile returns a secret as written, or the content of its file.
func (f *amFile) secretFile(where string, n *yaml.Node, written, file string) string {
	if file == "" {
		return written
	}
	text, err := os.ReadFile(file)
	if err != nil {
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err
		}
		f.mistake(n, "%s: read %s: %v", where, file, err)
	}
	return strings.TrimSpace(string(text))
}

func document(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		return n.Content[0]
	}
	return n
}

// below returns the value of a key, nil when it is not written.
func below(n *yaml.Node, key string) *yaml.Node {
	for name, value := range pairs(n) {
		if name == key {
			return value
		}
	}
	return nil
}

// at returns the i-th entry of a list, nil when there is none.
func at(n *yaml.Node, i int) *yaml.Node {
	if n = followed(n); n == nil || n.Kind != yaml.SequenceNode || i >= len(n.Content) {
		return nil
	}
	return followed(n.Content[i])
}

func followed(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// pairs goes through the keys of a mapping and their values, in the order of the file, merged ones too.
func pairs(n *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		n := followed(n)
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "<<" {
				for key, value := range pairs(n.Content[i+1]) {
					if !yield(key, value) {
						return
					}
				}
				continue
			}
			if !yield(n.Content[i].Value, followed(n.Content[i+1])) {
				return
			}
		}
	}
}

func line(n *yaml.Node) int {
	if n == nil {
		return 1
	}
	return n.Line
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
