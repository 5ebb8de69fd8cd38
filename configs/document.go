package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"gatewatch/internal/secret"
)

// parseDocument turns data into the mapping at the top of its only YAML document. Its mistakes have no file name yet.
func parseDocument(data []byte) (*yaml.Node, *Mistake) {
	if mistake := checkText(data); mistake != nil {
		return nil, mistake
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, &Mistake{Text: `is empty; the smallest useful file is one line: logs: [{paths: ["/var/log/gateway/*.log"]}]`}
	} else if err != nil {
		return nil, syntaxMistake(data, err)
	}
	root := doc.Content[0]
	if alias := findAlias(&doc); alias != nil {
		return nil, alias
	}
	if root.Kind != yaml.MappingNode {
		return nil, &Mistake{Line: root.Line, Text: "must be a mapping with keys such as logs:, outputs: and alerting:, not " + describe(root)}
	}
	var next yaml.Node
	if err := dec.Decode(&next); err == nil {
		return nil, &Mistake{Line: next.Line, Text: "holds a second YAML document: keep one, without --- between"}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxMistake(data, err)
	}
	return root, nil
}

// yamlError is how the YAML library writes an error; it gives the line in no other form.
var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// syntaxMistake explains an error of the YAML library.
func syntaxMistake(data []byte, err error) *Mistake {
	part := yamlError.FindStringSubmatch(err.Error())
	if part == nil {
		return &Mistake{Text: "is not YAML: " + err.Error()}
	}
	line, _ := strconv.Atoi(part[1])
	line = max(line, 1)
	// The library's line is at times the one before the one it stumbled over.
	for _, at := range []int{line, line + 1} {
		switch text := lineOf(data, at); {
		case indentedWithTab(text):
			return &Mistake{Line: at, Text: "is indented with a tab: YAML wants spaces"}
		case bareReference.MatchString(text):
			return &Mistake{Line: at, Text: "is not YAML: inside { } and [ ] a ${…} needs quotes, as in \"${NAME}\""}
		}
	}
	return &Mistake{Line: line, Text: "is not YAML: " + part[2]}
}

// bareReference finds a ${…} that begins a value without quotes inside braces or brackets.
var bareReference = regexp.MustCompile(`[{\[].*[:,\[]\s*\$\{`)

func lineOf(data []byte, line int) string {
	lines := strings.SplitN(string(data), "\n", line+1)
	if line > len(lines) {
		return ""
	}
	return lines[line-1]
}

func indentedWithTab(text string) bool {
	return strings.Contains(text[:len(text)-len(strings.TrimLeft(text, " \t"))], "\t")
}

// findAlias returns the mistake of using YAML anchors. They are refused because a few lines of them can stand for
// gigabytes, and because each value then has one line that messages can name.
func findAlias(n *yaml.Node) *Mistake {
	if n.Anchor != "" {
		return &Mistake{Line: n.Line, Text: fmt.Sprintf("uses the YAML anchor &%s: anchors and aliases are not supported, write the value out", n.Anchor)}
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!merge" {
		return &Mistake{Line: n.Line, Text: "uses the YAML merge key <<: merging is not supported, write the keys out"}
	}
	if n.Kind == yaml.AliasNode {
		return &Mistake{Line: n.Line, Text: fmt.Sprintf("uses the YAML alias *%s: anchors and aliases are not supported, write the value out", n.Value)}
	}
	for _, below := range n.Content {
		if mistake := findAlias(below); mistake != nil {
			return mistake
		}
	}
	return nil
}

// describe says what kind of value n is, for "must be …, not …".
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping of keys"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.ShortTag() == "!!null" {
		return "nothing"
	}
	return quote(n.Value)
}

// describeFor is describe for a value that should have been a t. Text in the place of what holds secrets may be one.
func describeFor(t reflect.Type, n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" && holdsSecret(t) {
		return "text"
	}
	return describe(n)
}

// holdsSecret tells whether there is a secret in the values of a type of configuration.
func holdsSecret(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return holdsSecret(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && holdsSecret(f.Type) {
				return true
			}
		}
	}
	return t == reflect.TypeFor[secret.Secret]()
}

// quote returns s for a message, cut to a readable length.
func quote(s string) string {
	const most = 60
	if cut := []rune(s); len(cut) > most {
		s = string(cut[:most]) + "…"
	}
	return strconv.Quote(s)
}
