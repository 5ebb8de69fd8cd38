package outputs

import (
	"maps"
	"slices"
	"strings"

	"gatewatch/event"
	"gatewatch/journal"
)

const (
	ecsVersion = "8.11.0"
	agentType  = "gatewatch"
	// maxStreams bounds how many sources are remembered; beyond, they are worked out anew.
	maxStreams = 4096
)

// stream is what is the same for all documents of one source.
type stream struct {
	source *event.Source
	// index is the name of the data stream.
	index string
	// action begins an action line up to the id: `{"create":{"_id":"`. actionTo does the same and names the data
	// stream, for a document in a request to another one.
	action, actionTo string
	// head begins a document, with the source's constants, up to the offset.
	head string
}

// streams remembers the stream of each source. It belongs to one goroutine.
type streams struct {
	namespace string
	known     map[*event.Source]*stream
	last      *stream
}

// appendItems appends the records as items to send, which point into records.
func (s *streams) appendItems(items []item, records []journal.Record) []item {
	items = slices.Grow(items, len(records))
	for i := range records {
		items = append(items, item{record: &records[i], stream: s.of(records[i].Source)})
	}
	return items
}

func (s *streams) of(source *event.Source) *stream {
	if s.last != nil && s.last.source == source {
		return s.last
	}
	st := s.known[source]
	if st == nil {
		if s.known == nil || len(s.known) >= maxStreams {
			s.known = make(map[*event.Source]*stream)
		}
		st = newStream(source, s.namespace)
		s.known[source] = st
	}
	s.last = st
	return st
}

func newStream(source *event.Source, namespace string) *stream {
	dataset := "gatewatch." + source.Dataset
	index := "logs-" + dataset + "-" + namespace
	head := []byte("{")
	add := func(name, value string) {
		if value == "" {
			return
		}
		head = append(event.AppendJSONString(head, name), ':')
		head = append(event.AppendJSONString(head, value), ',')
	}
	add("host.name", source.Host)
	add("log.file.path", source.Path)
	for _, label := range slices.Sorted(maps.Keys(source.Labels)) {
		if label == "service" {
			add("service.name", source.Labels[label])
			continue
		}
		// "a" and "a.b" cannot both be fields below labels, so that ECS wants label names without dots.
		add("labels."+strings.ReplaceAll(label, ".", "_"), source.Labels[label])
	}
	category, kind := event.Categories(source.Dataset)
	add("event.category", category)
	add("event.type", kind)
	add("event.dataset", dataset)
	add("data_stream.type", "logs")
	add("data_stream.dataset", dataset)
	add("data_stream.namespace", namespace)
	add("ecs.version", ecsVersion)
	add("agent.type", agentType)
	return &stream{
		source:   source,
		index:    index,
		action:   `{"create":{"_id":"`,
		actionTo: `{"create":{"_index":` + string(event.AppendJSONString(nil, index)) + `,"_id":"`,
		head:     string(head) + `"log.offset":`,
	}
}
