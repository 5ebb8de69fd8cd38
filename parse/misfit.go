package parse

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// beginning is the beginning of an expression, and what stands behind it.
type beginning struct {
	prefix *regexp.Regexp
	next   string
}

// misfit says where a record stops matching: behind the longest beginning of the expression that matches.
func (p *regex) misfit(s []byte) string {
	if p.steps == nil {
		p.steps = p.beginnings()
	}
	for i := len(p.steps) - 1; i >= 0; i-- {
		if m := p.steps[i].prefix.FindIndex(s); m != nil {
			return fmt.Sprintf("%s: stops matching at byte %d, where %s is expected", p.format, m[1], p.steps[i].next)
		}
	}
	return p.format + ": does not match"
}

// beginnings returns all beginnings of the expression, each longer than the one before.
func (p *regex) beginnings() []beginning {
	tree, err := syntax.Parse(p.re.String(), syntax.Perl)
	if err != nil {
		return []beginning{}
	}
	parts := []*syntax.Regexp{tree}
	if tree.Op == syntax.OpConcat {
		parts = tree.Sub
	}
	steps := make([]beginning, 0, len(parts))
	for i := range parts {
		begin := &syntax.Regexp{Op: syntax.OpConcat, Sub: parts[:i]}
		if re, err := regexp.Compile(begin.String()); err == nil {
			re.Longest()
			steps = append(steps, beginning{re, p.describe(parts[i])})
		}
	}
	return steps
}

// describe returns a part of the expression as the pattern writes it.
func (p *regex) describe(part *syntax.Regexp) string {
	if part.Op == syntax.OpCapture {
		for i := range p.groups {
			if part.Name == fmt.Sprintf("g%d", i) {
				return p.groups[i].what
			}
		}
	}
	if part.Op == syntax.OpLiteral && part.Flags&syntax.FoldCase == 0 {
		return fmt.Sprintf("%q", string(part.Rune))
	}
	return fmt.Sprintf("%.60s", part.String())
}
