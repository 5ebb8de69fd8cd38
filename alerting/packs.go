package alerting

import (
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v3"

	"gatewatch/alerting/slo"
	"gatewatch/internal/invalid"
)

//go:embed rules/*.yml
var shipped embed.FS

// packPrefix marks the name of a shipped rule file where others have their path.
const packPrefix = "pack:"

// sloPrefix marks the name of the rules that are made for an objective.
const sloPrefix = "slo:"

// IsPack tells whether the name of a rule file is that of a shipped pack, such as pack:payments.
func IsPack(file string) bool { return strings.HasPrefix(file, packPrefix) }

// PackOf returns the name of the pack in the name of a rule file, or the same.
func PackOf(file string) string { return strings.TrimPrefix(file, packPrefix) }

// RuleLoader reads rule files, and shipped packs by their names with "pack:" before them, for Prometheus' rules package.
func RuleLoader() rules.GroupLoader { return newLoader(nil) }

// PackNames returns the names of the shipped rule packs.
func PackNames() []string {
	return []string{"payments", "orders", "errors", "anomalies", "host", "nginx", "databases", "backups", "tls", "providers", "security", "agent"}
}

// Pack returns the text of a shipped rule pack, a Prometheus rule file.
func Pack(name string) ([]byte, error) {
	text, err := shipped.ReadFile("rules/" + name + ".yml")
	if err != nil {
		return nil, fmt.Errorf("no rule pack named %q", name)
	}
	return text, nil
}

// CheckRules reads all rule files of cfg and returns every mistake as invalid.Mistakes, or nil.
func CheckRules(cfg Config) error {
	_, err := ruleFiles(cfg)
	return err
}

// ruleFiles returns the names of the packs and files of cfg, all of which can be loaded, or every mistake in them.
func ruleFiles(cfg Config) ([]string, error) {
	var files []string
	var m invalid.Mistakes
	for _, name := range cfg.Packs {
		files = append(files, packPrefix+name)
	}
	for i := range cfg.SLO {
		files = append(files, sloPrefix+cfg.SLO[i].Name)
	}
	for i, glob := range cfg.Rules {
		found, err := filepath.Glob(glob)
		switch {
		case err != nil:
			m.Add(index("rules", i), "%v: %q", err, glob)
		case len(found) == 0 && !strings.ContainsAny(glob, `*?[\`):
			m.Add(index("rules", i), "no such file: %s", glob)
		}
		for _, file := range found {
			if slices.Contains(files, file) {
				continue
			}
			files = append(files, file)
			_, errs := newLoader(nil).Load(file, false, model.UTF8Validation)
			for n, err := range errs {
				// The file is decoded twice, and what is no YAML is so both times.
				if n == 0 || err.Error() != errs[n-1].Error() {
					m.Add(index("rules", i), "%v", err)
				}
			}
		}
	}
	return files, m.Err()
}

// loader reads rule files for Prometheus' rules package.
type loader struct {
	parser     parser.Parser
	objectives []slo.Config
}

func newLoader(objectives []slo.Config) loader {
	return loader{parser.NewParser(parser.Options{}), objectives}
}

// Load reads a pack, the rules of an objective, or a file. Its errors begin with the file's name and the line.
func (l loader) Load(name string, ignoreUnknown bool, scheme model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	text, err := l.text(name)
	if err != nil {
		return nil, []error{err}
	}
	groups, errs := rulefmt.Parse(text, ignoreUnknown, scheme, l.parser, slog.New(slog.DiscardHandler))
	for i := range errs {
		errs[i] = located(name, text, errs[i])
	}
	if groups != nil {
		errs = append(errs, l.policies(name, text, groups)...)
	}
	return groups, errs
}

// policies returns the mistakes in the annotations that are Gatewatch's.
func (l loader) policies(name string, text []byte, groups *rulefmt.RuleGroups) (errs []error) {
	for _, g := range groups.Groups {
		for i, r := range g.Rules {
			_, mistakes := readPolicy(r.Expr, r.Annotations, l.parser)
			for _, m := range mistakes {
				errs = append(errs, fmt.Errorf("%s:%d: alert %q: %s %s", name, annotationLine(text, g.Name, i+1, m.annotation), r.Alert, m.annotation, m.text))
			}
		}
	}
	return errs
}

func (l loader) text(name string) ([]byte, error) {
	if pack, ok := strings.CutPrefix(name, packPrefix); ok {
		return Pack(pack)
	}
	objective, ok := strings.CutPrefix(name, sloPrefix)
	if !ok {
		return os.ReadFile(name)
	}
	for _, c := range l.objectives {
		if c.Name == objective {
			return slo.Rules(c)
		}
	}
	return nil, fmt.Errorf("no objective named %q", objective)
}

// Parse parses one PromQL expression.
func (l loader) Parse(expr string) (parser.Expr, error) { return l.parser.ParseExpr(expr) }

// yamlLine finds the place in the errors of the YAML decoder, "yaml: unmarshal errors:\n  line 7: …".
var yamlLine = regexp.MustCompile(`(?:yaml: (?:unmarshal errors:\s*)?)?line (\d+): `)

// rulePlace finds the places in the errors of the rules parser, "7:3: …"; a second one is the closer one.
var rulePlace = regexp.MustCompile(`^(?:\d+:\d+: )?(\d+):(\d+): `)

// located writes an error as file:line:column: what.
func located(file string, content []byte, err error) error {
	text := err.Error()
	if at := rulePlace.FindStringSubmatch(text); at != nil {
		return fmt.Errorf("%s:%s:%s: %s", file, at[1], at[2], text[len(at[0]):])
	}
	if at := yamlLine.FindStringSubmatchIndex(text); at != nil {
		return fmt.Errorf("%s:%s: %s", file, text[at[2]:at[3]], text[:at[0]]+text[at[1]:])
	}
	text = strings.ReplaceAll(text, "\n", " ")
	if rule, ok := errors.AsType[*rulefmt.Error](err); ok {
		return fmt.Errorf("%s:%d: %s", file, ruleLine(content, rule.Group, rule.Rule), text)
	}
	return fmt.Errorf("%s: %s", file, text)
}

// ruleLine returns the line of a group's n-th rule, 1 when it cannot be found.
func ruleLine(content []byte, group string, n int) int {
	if rule := ruleNode(content, group, n); rule != nil {
		return rule.Line
	}
	return 1
}

// annotationLine returns the line of an annotation, or of its rule when it has none.
func annotationLine(content []byte, group string, n int, annotation string) int {
	rule := ruleNode(content, group, n)
	if rule == nil {
		return 1
	}
	for i := 0; i+1 < len(rule.Content); i += 2 {
		if rule.Content[i].Value != "annotations" {
			continue
		}
		for _, key := range rule.Content[i+1].Content {
			if key.Value == annotation {
				return key.Line
			}
		}
	}
	return rule.Line
}

func ruleNode(content []byte, group string, n int) *yaml.Node {
	var file struct {
		Groups []struct {
			Name  string      `yaml:"name"`
			Rules []yaml.Node `yaml:"rules"`
		} `yaml:"groups"`
	}
	if yaml.Unmarshal(content, &file) == nil {
		for _, g := range file.Groups {
			if g.Name == group && n >= 1 && n <= len(g.Rules) {
				return &g.Rules[n-1]
			}
		}
	}
	return nil
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
