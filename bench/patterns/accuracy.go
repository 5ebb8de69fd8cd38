package main

import (
	"cmp"
	"fmt"
	"slices"
)

// result is how well the messages of one system were grouped.
type result struct {
	labels, groups int
	accuracy       float64
	cost           float64 // nanoseconds a message
	wrong          []string
}

// part is a group or a label, with how its messages are spread over the labels or groups.
type part struct {
	name   string
	all    int
	spread map[string]int
	sample string
}

func compare(messages []message) result {
	r := result{cost: group(messages)}
	labels := parts(messages, func(m message) (string, string) { return m.label, m.group })
	groups := parts(messages, func(m message) (string, string) { return m.group, m.label })
	r.labels, r.groups = len(labels), len(groups)
	right := 0
	var wrong []*part
	for _, label := range labels {
		same := len(label.spread) == 1
		for name := range label.spread {
			same = same && len(groups[name].spread) == 1
		}
		if same {
			right += label.all
		} else {
			wrong = append(wrong, label)
		}
	}
	r.accuracy = float64(right) / float64(max(len(messages), 1))
	slices.SortFunc(wrong, func(a, b *part) int { return cmp.Or(cmp.Compare(b.all, a.all), cmp.Compare(a.name, b.name)) })
	for _, w := range wrong {
		r.wrong = append(r.wrong, fmt.Sprintf("%d messages of %s are in %d groups: %.100s", w.all, w.name, len(w.spread), w.sample))
	}
	return r
}

func parts(messages []message, names func(message) (name, other string)) map[string]*part {
	all := map[string]*part{}
	for _, m := range messages {
		name, other := names(m)
		p := all[name]
		if p == nil {
			p = &part{name: name, spread: map[string]int{}, sample: m.text}
			all[name] = p
		}
		p.all++
		p.spread[other]++
	}
	return all
}
