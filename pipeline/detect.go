package pipeline

import (
	"gatewatch/parse"
	"gatewatch/tail"
)

// detect finds the format of the stream from its first lines.
func (p *Pipeline) detect(s *stream, lines []tail.Line) error {
	texts := make([][]byte, 0, sampleLines)
	for _, l := range lines[:min(len(lines), sampleLines)] {
		texts = append(texts, l.Text)
	}
	format, envelope := p.cfg.Format, s.envelope
	switch {
	case format == FormatDocker || format == FormatCRI:
		envelope = format
	case format == FormatAuto && envelope == "":
		envelope = envelopeOf(texts)
	}
	if envelope != s.envelope {
		p.flush(s)
		s.envelope = envelope
	}
	if s.envelope != "" {
		texts = insides(s.envelope, texts)
	}
	s.settled = true
	if format == FormatAuto || s.envelope != "" {
		format = parse.Detect(texts)
		s.sampled += len(texts)
		// Plain text is what remains when nothing fits, also when a file begins with a banner: look again later.
		s.settled = format != "text" || s.sampled >= sampleLines
	}
	if s.parser != nil && s.parser.Name() == format {
		return nil
	}
	p.flush(s)
	parser, err := parse.NewPattern(format, p.cfg.Pattern)
	if err != nil {
		return err
	}
	s.parser = parser
	s.starts = parser.Starts
	if p.starts != nil {
		s.starts = p.starts
	}
	s.single = s.starts(nil) // a format in which even an empty line begins a record never joins lines
	s.source = p.source(s)
	return nil
}
