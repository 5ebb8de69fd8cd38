package pipeline

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gatewatch/event"
	"gatewatch/facts"
	"gatewatch/internal/invalid"
	"gatewatch/parse"
	"gatewatch/tail"
)

// FormatAuto looks at each file's first lines to find its format.
const FormatAuto = "auto"

// Where to start in a file never seen before.
const (
	StartBeginning = "beginning"
	StartEnd       = "end"
)

// GroupConfig says which files are followed together and how their lines are read (an entry of logs: in the
// configuration).
type GroupConfig struct {
	// Globs of the files to follow, e.g. /var/log/gateway/*.log. Rotated siblings (x.log.1) are recognised.
	Paths []string `yaml:"paths"`
	// Format of the lines: auto, one that docs/formats.md lists (json, nginx, logback …), or text; docker or cri for the
	// files of a container runtime, whose lines may hold any of them. auto looks at each file's first lines.
	Format string `yaml:"format"`
	// How the format's lines are laid out, as the program that writes them is told: nginx's log_format, Apache's
	// LogFormat, the pattern of logback or log4j2, a regular expression, a grok expression, the header of a JTL, PostgreSQL's
	// log_line_prefix.
	Pattern string `yaml:"pattern"`
	// Where to start in a file never seen before: beginning or end.
	Start string `yaml:"start"`
	// Which field of this gateway holds a fact, when it is not found by itself: fact: field name, or several with commas
	// between, e.g. provider: channel_code, extra.connector.
	Fields map[string]string `yaml:"fields"`
	// What values of this gateway mean: fact: {value: meaning}, e.g. status: {"2": approved}.
	Values map[string]map[string]string `yaml:"values"`
	// Labels added to every event of these files. service becomes service.name.
	Labels map[string]string `yaml:"labels"`
	// Time zone of time stamps without one, e.g. Asia/Shanghai. Empty: the host's.
	Timezone string `yaml:"timezone"`
	// Longest line, in bytes; what is beyond is cut off and counted.
	MaxLine int `yaml:"max_line_bytes"`
	// Most files of this group that are open at once. Beyond it, quiet ones are closed until they grow.
	MaxOpenFiles int `yaml:"max_open_files"`
	// Which lines make one record, when the format does not know.
	Multiline *MultilineConfig `yaml:"multiline"`
}

// MultilineConfig says which lines make one record. A line begins one when it is matched by Start, if that is given,
// and is not indented, if Indent is set.
type MultilineConfig struct {
	// Regular expression that the first line of a record matches, e.g. ^\d{4}-\d\d-\d\d. Others continue it.
	Start string `yaml:"start"`
	// Lines that begin with white space, and empty ones, continue the record before them.
	Indent bool `yaml:"indent"`
}

// rule returns what tells that a line begins a record, or nil without a rule.
func (c *MultilineConfig) rule() (func(line []byte) bool, error) {
	if c == nil {
		return nil, nil
	}
	start, err := regexp.Compile(c.Start)
	if err != nil {
		return nil, fmt.Errorf("multiline.start: %w", err)
	}
	return func(line []byte) bool {
		if c.Indent && (len(line) == 0 || line[0] == ' ' || line[0] == '\t') {
			return false
		}
		return len(line) > 0 && start.Match(line)
	}, nil
}

// smallestMaxLine keeps a typing mistake from cutting every line.
const smallestMaxLine = 256

// SetDefaults fills what the configuration left out.
func (c *GroupConfig) SetDefaults() {
	if c.Format == "" {
		c.Format = FormatAuto
	}
	if c.Start == "" {
		c.Start = StartBeginning
	}
	if c.MaxLine == 0 {
		c.MaxLine = tail.DefaultMaxLine
	}
	if c.MaxOpenFiles == 0 {
		c.MaxOpenFiles = tail.DefaultMaxOpen
	}
}

// Validate reports every mistake, with paths from the group.
func (c *GroupConfig) Validate() error {
	var bad invalid.Mistakes
	if len(c.Paths) == 0 {
		bad.Add("paths", "must name at least one file, e.g. /var/log/gateway/*.log")
	}
	for i, glob := range c.Paths {
		if _, err := filepath.Match(glob, ""); err != nil || glob == "" {
			bad.Add(fmt.Sprintf("paths[%d]", i), "%q is not a file name pattern", glob)
		}
	}
	if known := slices.Concat([]string{FormatAuto}, parse.Formats(), []string{FormatDocker, FormatCRI}); !slices.Contains(known, c.Format) {
		bad.Add("format", "unknown format %q (known: %s)", c.Format, strings.Join(known, ", "))
	}
	c.checkPattern(&bad)
	if c.Start != StartBeginning && c.Start != StartEnd {
		bad.Add("start", "must be beginning or end, not %q", c.Start)
	}
	for fact, names := range c.Fields {
		list := strings.Split(names, ",")
		if len(list) > facts.MaxAlternatives {
			bad.Add("fields."+fact, "names %d fields; %d are the most", len(list), facts.MaxAlternatives)
		}
		if slices.ContainsFunc(list, func(name string) bool { return strings.TrimSpace(name) == "" }) {
			bad.Add("fields."+fact, "needs the name of a field, or several with commas between")
		}
		if _, ok := event.ParseKey(fact); !ok {
			bad.Add("fields."+fact, "unknown fact; known are provider, method, operation, code, sub_code, status, amount, currency, order_id, transaction_id, merchant, attempt, message, log.level, trace.id and the other fields of an event")
		}
	}
	c.checkValues(&bad)
	if _, err := location(c.Timezone); err != nil {
		bad.Add("timezone", "%q is not a time zone, e.g. Asia/Shanghai", c.Timezone)
	}
	if c.MaxLine < smallestMaxLine {
		bad.Add("max_line_bytes", "must be at least %d", smallestMaxLine)
	}
	if c.MaxOpenFiles < 1 {
		bad.Add("max_open_files", "must be at least 1")
	}
	if m := c.Multiline; m != nil {
		if _, err := m.rule(); err != nil {
			bad.Add("multiline.start", "%q is not a regular expression", m.Start)
		}
		if m.Start == "" && !m.Indent {
			bad.Add("multiline", "must have start or indent")
		}
	}
	return bad.Err()
}

// checkPattern reports a pattern that the format cannot read by.
func (c *GroupConfig) checkPattern(bad *invalid.Mistakes) {
	if !slices.Contains(parse.Formats(), c.Format) {
		if c.Pattern != "" {
			bad.Add("pattern", "needs the format it is for (%s)", strings.Join(parse.Patterned(), ", "))
		}
		return
	}
	if _, err := parse.NewPattern(c.Format, c.Pattern); err != nil {
		bad.Add("pattern", "%v", err)
	}
}
