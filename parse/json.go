package parse

import "gatewatch/event"

// jsonLines reads one JSON object a line.
type jsonLines struct{ text }

func (*jsonLines) Name() string { return "json" }

func (p *jsonLines) Parse(ev *event.Event) { p.text.Parse(ev) }
