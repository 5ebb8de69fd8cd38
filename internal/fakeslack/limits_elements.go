package fakeslack

import "unicode/utf8"

// checkActions holds a block of buttons to its limits: 25 elements, ids of 255 characters, labels of 75, values of 2,000
// and options of 150.
func checkActions(b map[string]any, text func(v any, limit int) bool) bool {
	elements, _ := b["elements"].([]any)
	if !between(b["block_id"], 1, 255) || len(elements) < 1 || len(elements) > 25 {
		return false
	}
	seen := map[any]bool{}
	for _, one := range elements {
		e, _ := one.(map[string]any)
		if !between(e["action_id"], 1, 255) || seen[e["action_id"]] {
			return false
		}
		seen[e["action_id"]] = true
		switch e["type"] {
		case "button":
			style := e["style"]
			if !plain(e["text"]) || !text(e["text"], 75) || !between(e["value"], 0, 2000) || style != nil && style != "primary" && style != "danger" {
				return false
			}
		case "static_select":
			options, _ := e["options"].([]any)
			if !plain(e["placeholder"]) || !text(e["placeholder"], 150) || len(options) < 1 || len(options) > 100 {
				return false
			}
			for _, o := range options {
				o, _ := o.(map[string]any)
				if !plain(o["text"]) || !text(o["text"], 75) || !between(o["value"], 1, 150) {
					return false
				}
			}
		default:
			return false
		}
	}
	return true
}

// checkChart holds a chart to its limits: a title of 50 characters, 6 series of 20 points with a name each, whose labels
// are those of the axis.
func checkChart(b map[string]any) bool {
	chart, _ := b["chart"].(map[string]any)
	axis, _ := chart["axis_config"].(map[string]any)
	categories, _ := axis["categories"].([]any)
	series, _ := chart["series"].([]any)
	kind := chart["type"] == "line" || chart["type"] == "area" || chart["type"] == "bar"
	if !kind || !between(b["title"], 1, 50) || len(categories) < 1 || len(categories) > 20 || len(series) < 1 || len(series) > 6 {
		return false
	}
	labels := map[any]bool{}
	for _, c := range categories {
		if !between(c, 1, 20) || labels[c] {
			return false
		}
		labels[c] = true
	}
	names := map[any]bool{}
	for _, one := range series {
		one, _ := one.(map[string]any)
		data, _ := one["data"].([]any)
		if !between(one["name"], 1, 20) || names[one["name"]] || len(data) != len(categories) {
			return false
		}
		names[one["name"]] = true
		for _, p := range data {
			p, _ := p.(map[string]any)
			if _, number := p["value"].(float64); !number || !labels[p["label"]] {
				return false
			}
		}
	}
	return true
}

func between(v any, least, most int) bool {
	s, ok := v.(string)
	n := utf8.RuneCountInString(s)
	return ok && n >= least && n <= most
}

func plain(v any) bool {
	o, _ := v.(map[string]any)
	return o["type"] == "plain_text"
}
