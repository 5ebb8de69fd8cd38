package fakeslack

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// markup is what may stand between < and > in a text: links, dates, users and groups.
var markup = regexp.MustCompile(`<(https?://[^<>|]+|!date\^\d+\^[^<>|]+)\|[^<>]*>|<@[UW][A-Z0-9]+>|<!(here|channel|subteam\^S[A-Z0-9]+)>`)

// check holds the message to Slack's limits and returns the error that it gets, or "".
func (m *Message) check(chartless bool) string {
	if m.Text == "" {
		return "no_text"
	}
	if len(m.Blocks) == 0 && strings.ContainsAny(markup.ReplaceAllString(m.Text, ""), "<>") {
		return "invalid_text: half a link"
	}
	if utf8.RuneCountInString(m.Text) > 4000 {
		return "msg_too_long"
	}
	if len(m.Blocks) > 50 {
		return "invalid_blocks: more than 50"
	}
	total, charts := 0, 0
	for _, b := range m.Blocks {
		if b["type"] == "data_visualization" {
			charts++
		}
		if why := checkBlock(b, &total); why != "" {
			return "invalid_blocks: " + why
		}
	}
	if charts > 2 || charts > 0 && chartless {
		return "invalid_blocks: too many charts"
	}
	if total > 13_000 {
		return "msg_blocks_too_long"
	}
	return ""
}

func checkBlock(b map[string]any, total *int) (why string) {
	text := func(v any, limit int) bool {
		o, _ := v.(map[string]any)
		s, _ := o["text"].(string)
		n := utf8.RuneCountInString(s)
		*total += n
		plain := o["type"] == "plain_text"
		return n >= 1 && n <= limit && (plain || !strings.ContainsAny(markup.ReplaceAllString(s, ""), "<>"))
	}
	list := func(v any, most, limit int) bool {
		all, _ := v.([]any)
		for _, one := range all {
			if !text(one, limit) {
				return false
			}
		}
		return len(all) >= 1 && len(all) <= most
	}
	ok := true
	switch b["type"] {
	case "header":
		ok = text(b["text"], 150)
	case "section":
		ok = (b["text"] != nil || b["fields"] != nil) && (b["text"] == nil || text(b["text"], 3000)) &&
			(b["fields"] == nil || list(b["fields"], 10, 2000))
	case "context":
		ok = list(b["elements"], 10, 3000)
	case "actions":
		ok = checkActions(b, text)
	case "data_visualization":
		ok = checkChart(b)
	case "divider":
	default:
		ok = false
	}
	if !ok {
		return fmt.Sprint(b)
	}
	return ""
}

// All returns the text of every block, or the text of a message without blocks.
func (m *Message) All() string {
	if len(m.Blocks) == 0 {
		return m.Text
	}
	var b strings.Builder
	for _, block := range m.Blocks {
		walk(&b, block)
	}
	return b.String()
}

func walk(b *strings.Builder, v any) {
	switch v := v.(type) {
	case map[string]any:
		if s, ok := v["text"].(string); ok {
			b.WriteString(s + "\n")
			return
		}
		for _, name := range []string{"text", "fields", "elements"} {
			walk(b, v[name])
		}
	case []any:
		for _, one := range v {
			walk(b, one)
		}
	}
}
