package patterns

import "bytes"

const (
	// maxFrames is how many of the application's own frames tell one cause from another.
	maxFrames = 3
	// maxStack bounds how much of a stack trace is looked at.
	maxStack = 64 << 10
)

// appendCause appends what a stack trace is known by: the class of its innermost cause and the application's own frames
// nearest to it, without line numbers. Nothing when the text has no frames that are known: those of Java, JavaScript,
// Python, Go and Rust.
func appendCause(dst, stack []byte) []byte {
	if len(stack) > maxStack {
		stack = stack[:maxStack]
	}
	var s trace
	for line := range bytes.Lines(stack) {
		if !s.settled {
			s.line(bytes.TrimRight(line, "\r\n"))
		}
	}
	from := &s.own
	if from.n == 0 {
		from = &s.outer
	}
	if from.n == 0 {
		from = &s.foreign
	}
	if from.n == 0 || len(s.cause) == 0 {
		return dst
	}
	dst = appendReason(dst, s.cause)
	for i, f := range from.all[:from.n] {
		if i == 0 {
			dst = append(dst, " at "...)
		} else {
			dst = append(dst, " < "...)
		}
		dst = appendFrame(dst, f)
	}
	return dst
}

// trace is what has been read of a stack trace.
type trace struct {
	cause []byte // class and message of the innermost cause so far
	// own are the application's frames of that cause, the innermost first, outer those of what it caused, and foreign
	// those of libraries.
	own, outer, foreign frames
	// python: frames come with the innermost last, and the cause after them.
	python bool
	// panicked: the next line is the message of a Rust panic.
	panicked bool
	// call is the line before, which in Go's traces names the function.
	call []byte
	// settled: what follows is not the innermost cause.
	settled bool
}

// frames are the first few frames of a trace.
type frames struct {
	all [maxFrames][]byte
	n   int
}

func (f *frames) add(frame []byte) {
	if f.n < maxFrames {
		f.all[f.n] = frame
		f.n++
	}
}

// addInner adds a frame before all others, of which the last goes when there are too many.
func (f *frames) addInner(frame []byte) {
	copy(f.all[1:], f.all[:])
	f.all[0], f.n = frame, min(f.n+1, maxFrames)
}

// line reads one line.
func (s *trace) line(line []byte) {
	text := bytes.TrimSpace(line)
	call := s.call
	s.call = nil
	switch {
	case len(text) == 0:
	case s.panicked:
		s.panicked, s.cause = false, append([]byte("panic: "), text...)
	case bytes.HasPrefix(text, []byte("Traceback (most recent call last)")):
		// What an exception was raised from comes first: the first traceback is the innermost.
		s.settled, s.python = s.python, true
	case s.python:
		s.pythonLine(line, text)
	case s.section(text):
	case bytes.HasPrefix(text, []byte("at ")):
		s.frame(text[3:])
	case call != nil && (line[0] == '\t' || line[0] == ' ') && bytes.Contains(text, []byte(".go:")):
		if s.bare() && bytes.Equal(s.cause, call) {
			s.cause = nil // a Go trace without a panic begins with a function
		}
		s.frame(call)
	case bytes.HasPrefix(text, []byte("thread '")) && bytes.Contains(text, []byte("panicked at")):
		s.panicked = true
	case text[0] >= '0' && text[0] <= '9' && rustFrame(text) != nil:
		s.frame(rustFrame(text))
	case s.cause == nil && s.bare() && !bytes.HasPrefix(text, []byte("goroutine ")):
		s.cause, s.call = text, text
	case line[0] != ' ' && line[0] != '\t':
		s.call = text
		if bytes.HasPrefix(text, []byte("panic: ")) || s.bare() && isException(text) {
			s.cause = text
		}
	}
}

// bare tells whether no frame was read yet.
func (s *trace) bare() bool { return s.own.n+s.foreign.n+s.outer.n == 0 }

// section begins a cause of what was read until now, and tells whether the line does.
func (s *trace) section(text []byte) bool {
	for _, mark := range []string{"Caused by: ", "[cause]: "} {
		if rest, ok := bytes.CutPrefix(text, []byte(mark)); ok {
			s.cause = rest
			if s.own.n > 0 {
				s.outer = s.own
			}
			s.own, s.foreign = frames{}, frames{}
			return true
		}
	}
	return false
}

// frame takes a frame of the present cause.
func (s *trace) frame(f []byte) {
	if s.own.n == maxFrames {
		return
	}
	f = bytes.TrimPrefix(f, []byte("async "))
	if f[0] == '.' || f[0] == '/' && !bytes.Contains(f, []byte(".js")) && !bytes.Contains(f, []byte(".ts")) {
		return // the place of a frame in a Rust trace
	}
	if isLibrary(f) {
		s.foreign.add(f)
	} else {
		s.own.add(f)
	}
}

// pythonLine reads a line of a Python traceback.
func (s *trace) pythonLine(line, text []byte) {
	if rest, ok := bytes.CutPrefix(text, []byte(`File "`)); ok {
		if isLibrary(rest) {
			s.foreign.addInner(rest)
		} else {
			s.own.addInner(rest)
		}
		return
	}
	if line[0] != ' ' && line[0] != '\t' && !s.bare() {
		s.cause, s.settled = text, true
	}
}

// rustFrame returns the function of a numbered frame (4: gateway::pay::settle), or nil.
func rustFrame(text []byte) []byte {
	number, name, ok := bytes.Cut(text, []byte(": "))
	if !ok || len(number) == 0 || len(number) > 3 || len(name) == 0 {
		return nil
	}
	for _, c := range number {
		if classes[c] != isDigit {
			return nil
		}
	}
	return name
}

// isException tells the line of an exception: a class, and perhaps its message.
func isException(text []byte) bool {
	class, _, _ := bytes.Cut(text, []byte(":"))
	return bytes.IndexByte(class, ' ') < 0 && (bytes.HasSuffix(class, []byte("Exception")) || bytes.HasSuffix(class, []byte("Error")))
}
