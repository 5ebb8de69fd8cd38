package payment

import (
	"embed"
	"errors"
	"fmt"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"gatewatch/event"
)

// outcomesFile is the table that is built in.
const outcomesFile = "outcomes.yml"

//go:embed outcomes.yml
var embedded embed.FS

// row is what one code of a provider means.
type row struct {
	code    string // as the table writes it, or as the log does when the table lacks it
	outcome event.Outcome
	known   bool
	// none says that the record is not the result of an attempt.
	none bool
	// about is what else the table says; nil for a code that it lacks.
	about *about
}

// about is what people read of a row.
type about struct{ note, source, file string }

// codeTable is the codes of one provider.
type codeTable struct {
	exact    map[string]row // by upper-case code
	prefixes []row          // code without its *, the longest first
}

// find returns the row of an upper-case code.
func (t *codeTable) find(code string) (row, bool) {
	if r, ok := t.exact[code]; ok {
		return r, true
	}
	for _, r := range t.prefixes {
		if strings.HasPrefix(code, strings.ToUpper(strings.TrimSuffix(r.code, "*"))) {
			return r, true
		}
	}
	return row{}, false
}

// loader reads outcome files and collects every mistake with its line.
type loader struct {
	name     string
	tables   map[string]*codeTable
	names    map[string]bool   // the user's own providers
	sources  map[string]string // what the short names of sources stand for
	mistakes []error
}

// load reads the rows of an outcome file into tables. Rows of a later file replace those of an earlier one.
func load(tables map[string]*codeTable, name string, text []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	l := &loader{name: name, tables: tables, sources: map[string]string{}, names: map[string]bool{}}
	if len(doc.Content) == 0 {
		return fmt.Errorf("%s: empty, want sources: and providers:", name)
	}
	l.document(doc.Content[0])
	return errors.Join(l.mistakes...)
}

func (l *loader) wrong(n *yaml.Node, format string, args ...any) {
	l.mistakes = append(l.mistakes, fmt.Errorf("%s:%d: %s", l.name, n.Line, fmt.Sprintf(format, args...)))
}

// each calls do for the members of a mapping, and reports names that are there twice.
func (l *loader) each(n *yaml.Node, what string, do func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		l.wrong(n, "%s must be a mapping", what)
		return
	}
	seen := map[string]int{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		name := strings.ToUpper(key.Value)
		if first, twice := seen[name]; twice {
			l.wrong(key, "%s: %q is already in line %d", what, key.Value, first)
			continue
		}
		seen[name] = key.Line
		do(key, n.Content[i+1])
	}
}

func (l *loader) document(n *yaml.Node) {
	var providers *yaml.Node
	l.each(n, "the file", func(key, value *yaml.Node) {
		switch key.Value {
		case "sources":
			l.each(value, "sources", func(key, value *yaml.Node) { l.sources[key.Value] = value.Value })
		case "names":
			l.own(value)
		case "providers":
			providers = value
		default:
			l.wrong(key, "unknown key %q, want sources, names or providers", key.Value)
		}
	})
	if providers == nil {
		l.wrong(n, "no providers")
		return
	}
	listed := map[string]int{}
	l.each(providers, "providers", func(key, value *yaml.Node) {
		shared := &codeTable{exact: map[string]row{}}
		l.codes(key.Value, value, shared)
		for name := range strings.SplitSeq(key.Value, ",") {
			name = strings.TrimSpace(name)
			switch first, twice := listed[name]; {
			case !isProvider(name) && !l.names[name]:
				l.wrong(key, "unknown provider %q; one that Gatewatch does not know is listed first, as in names: [%s]", name, name)
			case twice:
				l.wrong(key, "provider %q is already in line %d", name, first)
			default:
				listed[name] = key.Line
				l.merge(name, shared)
			}
		}
	})
}

// own reads the list of providers that only the user knows.
func (l *loader) own(n *yaml.Node) {
	var names []string
	if err := n.Decode(&names); err != nil {
		l.wrong(n, "names must be a list, as in [newpay]")
		return
	}
	for _, name := range names {
		if name == "" || name != label(name) {
			l.wrong(n, "the name %q must be in lower case, without spaces, at most %d bytes long", name, maxLabel)
			continue
		}
		l.names[name] = true
	}
}

// codes reads the rows of one provider.
func (l *loader) codes(provider string, n *yaml.Node, into *codeTable) {
	l.each(n, provider, func(key, value *yaml.Node) {
		r := row{code: key.Value, known: true, about: &about{file: l.name}}
		classed := false
		l.each(value, "code "+key.Value, func(k, v *yaml.Node) {
			switch k.Value {
			case "class":
				classed = true
				r.outcome, r.none = l.class(v)
			case "note":
				r.about.note = v.Value
			case "source":
				r.about.source = l.source(key, v)
			default:
				l.wrong(k, "code %s: unknown key %q, want class, note or source", key.Value, k.Value)
			}
		})
		switch {
		case !classed:
			l.wrong(key, "code %s has no class", key.Value)
		case strings.HasSuffix(key.Value, "*"):
			into.prefixes = append(into.prefixes, r)
		default:
			into.exact[strings.ToUpper(key.Value)] = r
		}
	})
}

// source returns what the source of a code is: that of the list, when the file has one.
func (l *loader) source(code, n *yaml.Node) string {
	text, listed := l.sources[n.Value]
	switch {
	case n.Value == "":
		l.wrong(n, "code %s: source must not be empty", code.Value)
	case len(l.sources) > 0 && !listed:
		l.wrong(n, "code %s: %q is not in the list of sources", code.Value, n.Value)
	case !listed:
		return n.Value
	}
	return text
}

func (l *loader) class(n *yaml.Node) (o event.Outcome, none bool) {
	if n.Value == "none" {
		return event.OutcomeNone, true
	}
	o, ok := event.ParseOutcome(n.Value)
	if !ok {
		l.wrong(n, "unknown class %q, want one of %s", n.Value, classNames())
	}
	return o, false
}

func classNames() string {
	var names []string
	for o := event.Approved; o <= event.Unclassed; o++ {
		names = append(names, o.String())
	}
	return strings.Join(append(names, "none"), ", ")
}

// merge puts the rows of t before those that the provider has.
func (l *loader) merge(provider string, t *codeTable) {
	have := l.tables[provider]
	if have == nil {
		have = &codeTable{exact: map[string]row{}}
		l.tables[provider] = have
	}
	for code, r := range t.exact {
		have.exact[code] = r
	}
	have.prefixes = append(append([]row(nil), t.prefixes...), have.prefixes...)
	sort.SliceStable(have.prefixes, func(a, b int) bool {
		return len(have.prefixes[a].code) > len(have.prefixes[b].code)
	})
}
