package importrules

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// source is one parsed Go file. name is its path from the root of the repository, with slashes.
type source struct {
	name string
	set  *token.FileSet
	tree *ast.File
}

func (s source) isTest() bool   { return strings.HasSuffix(s.name, "_test.go") }
func (s source) folder() string { return path.Dir(s.name) }

// check returns what in s is against the rules, a line each.
func check(s source) []string {
	found := append(checkImports(s), checkNames(s)...)
	if s.isTest() || ast.IsGenerated(s.tree) {
		return found
	}
	return append(found, checkSize(s)...)
}

func checkImports(s source) []string {
	var found []string
	for _, spec := range s.tree.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if why := importMistake(s, spec, imported); why != "" {
			found = append(found, fmt.Sprintf("%s:%d: imports %s: %s", s.name, line(s, spec.Pos()), imported, why))
		}
	}
	return found
}

// importMistake says why s may not import the package, or "".
func importMistake(s source, spec *ast.ImportSpec, imported string) string {
	if spec.Name != nil && spec.Name.Name == "." {
		return "no dot imports"
	}
	if spec.Name != nil && spec.Name.Name == "_" && !slices.Contains(blank, imported) {
		return "no blank imports"
	}
	if !s.isTest() {
		for prefix, allowed := range owners {
			if strings.HasPrefix(imported+"/", strings.TrimSuffix(prefix, "/")+"/") && !inAny(s.folder(), allowed) {
				return fmt.Sprintf("only these may: %v", allowed)
			}
		}
	}
	if inner, ok := strings.CutPrefix(imported, module); ok {
		if why := roomMistake(s, inner); why != "" {
			return why
		}
		return directionMistake(s, top(inner))
	}
	return ""
}

// roomMistake says why a file in one of rooms may not import what stands beside it, or "".
func roomMistake(s source, imported string) string {
	room, kind, _ := strings.Cut(imported, "/")
	common, is := rooms[room]
	inside := strings.HasPrefix(s.folder(), room+"/")
	if !is || !inside || s.isTest() || kind != "" && slices.Contains(common, top(kind)) {
		return ""
	}
	return fmt.Sprintf("of %s, %s may import %q", room, s.folder(), common)
}

// directionMistake says why a file may not import the project's folder, or "". Tests may also use packages beside
// their own, but none above.
func directionMistake(s source, imported string) string {
	own := top(s.folder())
	from, to := layerOf(own), layerOf(imported)
	switch {
	case from < 0:
		return "the folder " + own + " has no place in layers"
	case to < 0:
		return "the folder " + imported + " has no place in layers"
	case own == imported:
		return ""
	case to < from:
		return imported + " stands above " + own
	case s.isTest():
		return ""
	case to == from && !slices.Contains(siblings[own], imported):
		return imported + " stands beside " + own
	}
	return ""
}

func checkNames(s source) []string {
	name := strings.TrimSuffix(s.tree.Name.Name, "_test")
	if slices.Contains(bannedNames, name) {
		return []string{fmt.Sprintf("%s: package %s: name it after what is inside", s.name, name)}
	}
	return nil
}

func checkSize(s source) []string {
	var found []string
	if n := line(s, s.tree.FileEnd); n > maxFileLines {
		found = append(found, fmt.Sprintf("%s: has %d lines, most are %d: give each idea its own file", s.name, n, maxFileLines))
	}
	for _, decl := range s.tree.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := line(s, fn.End()) - line(s, fn.Pos()) + 1; n > maxFunctionLines {
			found = append(found, fmt.Sprintf("%s:%d: %s has %d lines, most are %d", s.name, line(s, fn.Pos()), fn.Name.Name, n, maxFunctionLines))
		}
		if fn.Name.Name == "init" && fn.Recv == nil {
			found = append(found, fmt.Sprintf("%s:%d: no init functions: call it where it is needed", s.name, line(s, fn.Pos())))
		}
	}
	return found
}

func line(s source, at token.Pos) int { return s.set.Position(at).Line }

func layerOf(folder string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, folder) })
}

// top returns the first part of a path.
func top(name string) string {
	first, _, _ := strings.Cut(name, "/")
	return first
}

func inAny(folder string, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool { return folder == a || strings.HasPrefix(folder, a+"/") })
}
