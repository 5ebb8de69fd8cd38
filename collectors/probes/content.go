package probes

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-openapi/jsonpointer"
	"github.com/grafana/regexp"
)

// content says what an answer has to hold.
type content struct {
	match, noMatch []*regexp.Regexp
	json           map[string]string
}

// The two ways in which an answer is not what it has to be.
var (
	errRegex = errors.New("does not match")
	errJSON  = errors.New("JSON is not as expected")
)

func newContent(cfg Config) (c content, err error) {
	compile := func(texts []string) (all []*regexp.Regexp) {
		for _, text := range texts {
			re, wrong := regexp.Compile(text)
			err = errors.Join(err, wrong)
			all = append(all, re)
		}
		return all
	}
	c = content{match: compile(cfg.Match), noMatch: compile(cfg.NoMatch), json: cfg.JSON}
	return c, err
}

// asked tells whether anything is expected at all.
func (c content) asked() bool { return len(c.match)+len(c.noMatch)+len(c.json) > 0 }

// matches returns an error that is errRegex when the answer does not match.
func (c content) matches(answer []byte) error {
	for _, re := range c.noMatch {
		if re.Match(answer) {
			return fmt.Errorf("the answer %w: %q is in it", errRegex, re)
		}
	}
	for _, re := range c.match {
		if !re.Match(answer) {
			return fmt.Errorf("the answer %w: no %q in it", errRegex, re)
		}
	}
	return nil
}

// check returns an error that is errRegex or errJSON when the answer is not as expected. It does not repeat values of the
// answer, which can be anything.
func (c content) check(answer []byte) error {
	if err := c.matches(answer); err != nil || len(c.json) == 0 {
		return err
	}
	var doc any
	if err := json.Unmarshal(answer, &doc); err != nil {
		return fmt.Errorf("the %w: it is none", errJSON)
	}
	for _, pointer := range slices.Sorted(maps.Keys(c.json)) {
		if got, ok := valueAt(doc, pointer); !ok || got != c.json[pointer] {
			return fmt.Errorf("the %w: %s is not %q", errJSON, pointer, c.json[pointer])
		}
	}
	return nil
}

// valueAt returns the text of the plain value at a JSON pointer.
func valueAt(doc any, pointer string) (string, bool) {
	p, err := jsonpointer.New(pointer)
	if err != nil {
		return "", false
	}
	v, _, err := p.Get(doc)
	if err != nil {
		return "", false
	}
	switch v := v.(type) {
	case string:
		return v, true
	case nil:
		return "null", true
	case map[string]any, []any:
		return "", false
	}
	text, err := json.Marshal(v)
	return string(text), err == nil
}
