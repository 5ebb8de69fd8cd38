package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"
)

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
