package rules

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"gatewatch/alerting/slo"
	"gatewatch/alerting/states"
	"gatewatch/internal/invalid"
)

// sloPrefix marks the name of the rules that are made for an objective.
const sloPrefix = "slo:"

// Sources are where rules come from.
type Sources struct {
	// Packs are names of shipped packs, Files rule files, globs allowed.
	Packs, Files []string
	// Objectives are what rules are made for.
	Objectives []slo.Config
}

// Find returns the names of all packs and files, all of which can be loaded, or every mistake in them as invalid.Mistakes. The
// paths of the mistakes are those of the configuration.
func (s Sources) Find() ([]string, error) {
	var files []string
	var m invalid.Mistakes
	for _, name := range s.Packs {
		files = append(files, packPrefix+name)
	}
	for i := range s.Objectives {
		files = append(files, sloPrefix+s.Objectives[i].Name)
	}
	for i, glob := range s.Files {
		path := fmt.Sprintf("rules[%d]", i)
		found, err := filepath.Glob(glob)
		switch {
		case err != nil:
			m.Add(path, "%v: %q", err, glob)
		case len(found) == 0 && !strings.ContainsAny(glob, `*?[\`):
			m.Add(path, "no such file: %s", glob)
		}
		for _, file := range found {
			if slices.Contains(files, file) {
				continue
			}
			files = append(files, file)
			_, errs := s.Loader().Load(file, false, model.UTF8Validation)
			for n, err := range errs {
				// The file is decoded twice, and what is no YAML is so both times.
				if n == 0 || err.Error() != errs[n-1].Error() {
					m.Add(path, "%v", err)
				}
			}
		}
	}
	return files, m.Err()
}

// Loader reads rule files for Prometheus' rules package.
type Loader struct {
	parser     parser.Parser
	objectives []slo.Config
}

// Loader returns what reads the rules of all sources, by the names that Find returns. That of no sources reads files and packs.
func (s Sources) Loader() Loader {
	return Loader{parser.NewParser(parser.Options{}), s.Objectives}
}

// Load reads a pack, the rules of an objective, or a file. Its errors begin with the file's name and the line.
func (l Loader) Load(name string, ignoreUnknown bool, scheme model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
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
func (l Loader) policies(name string, text []byte, groups *rulefmt.RuleGroups) (errs []error) {
	for _, g := range groups.Groups {
		for i, r := range g.Rules {
			_, mistakes := states.ReadPolicy(r.Expr, r.Annotations, l.parser)
			for _, m := range mistakes {
				errs = append(errs, fmt.Errorf("%s:%d: alert %q: %s %s", name, annotationLine(text, g.Name, i+1, m.Annotation), r.Alert, m.Annotation, m.Text))
			}
		}
	}
	return errs
}

func (l Loader) text(name string) ([]byte, error) {
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
func (l Loader) Parse(expr string) (parser.Expr, error) { return l.parser.ParseExpr(expr) }
