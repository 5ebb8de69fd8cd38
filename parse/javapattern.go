package parse

import (
	"fmt"
	"strings"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// converter says what a conversion word of logback or log4j2 means.
type converter struct {
	form form
	key  event.Key
	name string
	ecs  bool
}

// converters are the conversion words that write something. Others are taken for those of the gateway's own.
var converters = byName(map[string]converter{
	"d date":                  {form: asStamp, key: event.Timestamp, name: "time"},
	"p le level":              {form: asLevel, key: event.Level, name: "level"},
	"t tn thread threadName":  {key: event.Thread, name: "thread"},
	"c lo logger":             {key: event.Logger, name: "logger"},
	"m msg message":           {form: asMessage, key: event.Message, name: "message"},
	"C class":                 {name: "class"},
	"M method":                {name: "log.origin.function", ecs: true},
	"L line":                  {form: asNumber, name: "log.origin.file.line", ecs: true},
	"F file":                  {name: "log.origin.file.name", ecs: true},
	"pid processId":           {form: asNumber, name: "process.pid", ecs: true},
	"tid T threadId":          {form: asNumber, name: "process.thread.id", ecs: true},
	"X mdc MDC":               {form: asPairs, name: "mdc"},
	"K map MAP kvp":           {form: asPairs, name: "map"},
	"x NDC":                   {name: "ndc"},
	"marker markerSimpleName": {name: "marker"},
	"r relative":              {name: "uptime"},
	"l location caller":       {name: "location"},
	"cn contextName":          {name: "context"},
	"sn sequenceNumber":       {name: "sequence"},
	"tp threadPriority":       {name: "thread_priority"},
	"u uuid":                  {name: "uuid"},
	"N nano":                  {name: "nano"},
	"property":                {name: "property"},
	"ex exception throwable xEx xException xThrowable rEx rootException rThrowable wEx nopex nopexception": {form: asNothing},
})

// byName returns a table whose keys are lists of names as one with a name each.
func byName[T any](lists map[string]T) map[string]T {
	all := map[string]T{}
	for names, v := range lists {
		for name := range strings.FieldsSeq(names) {
			all[name] = v
		}
	}
	return all
}

// wrappers are the words whose first argument is a pattern of its own: colours, and what changes its text.
const wrappers = " highlight clr style replace enc encode maxLen maxLength notEmpty varsNotEmpty variablesNotEmpty equals " +
	"equalsIgnoreCase black red green yellow blue magenta cyan white gray boldRed boldGreen boldYellow boldBlue boldMagenta " +
	"boldCyan boldWhite faint msgSanitized "

// springProperties are what Spring Boot's configuration puts into patterns when the pattern does not say it.
var springProperties = map[string]string{
	"PID":                           "%pid",
	"LOG_LEVEL_PATTERN":             "%5p",
	"LOG_DATEFORMAT_PATTERN":        "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
	"LOG_EXCEPTION_CONVERSION_WORD": "%wEx",
	"LOG_CORRELATION_PATTERN":       "",
}

// javaBuilder compiles a pattern of logback or log4j2.
type javaBuilder struct {
	layout
	text    []byte
	used    map[string]bool
	message int // index of the message, or -1
	done    bool
}

// newLogback returns a parser for a pattern, or for the usual ones when there is none.
func newLogback(pattern string) (Parser, error) {
	if strings.TrimSpace(pattern) == "" {
		return &logback{}, nil
	}
	return newJavaPattern("logback", pattern)
}

func newLog4j2(pattern string) (Parser, error) { return newJavaPattern("log4j2", pattern) }

func newJavaPattern(format, pattern string) (Parser, error) {
	text, err := expandProperties(strings.TrimSpace(pattern), 0)
	if err != nil {
		return nil, err
	}
	b := &javaBuilder{used: map[string]bool{"message": true, "stack_trace": true, "exception": true}, message: -1}
	if err := b.compile(text); err != nil {
		return nil, err
	}
	if len(b.elements) == 0 {
		return nil, fmt.Errorf("has no conversion word, for instance %%msg")
	}
	b.end = []byte(strings.TrimRight(string(b.text), " \n"))
	b.seal()
	if b.message < 0 {
		b.message = len(b.elements)
	} else if b.message+1 < len(b.elements) || len(b.end) > 0 {
		b.elements[b.message].extent = untilLastAfter
	}
	return &javaPattern{layout: b.layout, format: format, message: b.message}, nil
}

// expandProperties puts what stands for ${NAME} and ${NAME:-default} into a pattern.
func expandProperties(s string, depth int) (string, error) {
	start := strings.Index(s, "${")
	if start < 0 || depth > 10 {
		return s, nil
	}
	end, open := start+2, 1
	for ; end < len(s) && open > 0; end++ {
		switch s[end] {
		case '{':
			open++
		case '}':
			open--
		}
	}
	if open > 0 {
		return "", fmt.Errorf("at byte %d: ${ is not closed", start)
	}
	name, value, given := strings.Cut(s[start+2:end-1], ":-")
	if i := strings.IndexByte(name, ':'); i >= 0 { // ${sys:NAME} of log4j2
		if name[:i] == "ctx" {
			value, given = "%X{"+name[i+1:]+"}", true
		}
		name = name[i+1:]
	}
	if known, ok := springProperties[name]; ok && (!given || name == "PID") {
		value = known
	} else if !given {
		return "", fmt.Errorf("at byte %d: nothing is known of ${%s}: write what it stands for", start, name)
	}
	return expandProperties(strings.TrimSuffix(s[:start], "$")+value+s[end:], depth+1)
}

// compile adds the elements of a pattern, or of one inside another.
func (b *javaBuilder) compile(s string) error {
	for i := 0; i < len(s); {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			b.text = append(b.text, unescapeJava(s[i+1]))
			i += 2
		case strings.HasPrefix(s[i:], "%%"):
			b.text = append(b.text, '%')
			i += 2
		case s[i] != '%':
			b.text = append(b.text, s[i])
			i++
		default:
			n, err := b.conversion(s[i:])
			if err != nil {
				return err
			}
			i += n
		}
	}
	return nil
}

func unescapeJava(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

// conversion adds what the conversion at the start of s writes, and returns its length.
func (b *javaBuilder) conversion(s string) (n int, err error) {
	n = 1
	for n < len(s) && strings.IndexByte("-.0123456789", s[n]) >= 0 {
		n++
	}
	width := s[1:n]
	from := n
	for n < len(s) && isLetter(s[n]) {
		n++
	}
	word := s[from:n]
	var options []string
	inner, isGroup := "", false
	if n < len(s) && s[n] == '(' {
		end := closing(s, n, '(', ')')
		if end < 0 {
			return 0, fmt.Errorf("the parenthesis of %%%s is not closed", word)
		}
		inner, isGroup = s[n+1:end], true
		n = end + 1
	}
	for n < len(s) && s[n] == '{' {
		end := closing(s, n, '{', '}')
		if end < 0 {
			return 0, fmt.Errorf("the brace of %%%s is not closed", word)
		}
		options = append(options, s[n+1:end])
		n = end + 1
	}
	if word == "" && !isGroup {
		return 0, fmt.Errorf("%.10q has no conversion word", s)
	}
	if !isGroup && len(options) > 0 && strings.Contains(wrappers, " "+word+" ") {
		inner, isGroup = options[0], true
	}
	if isGroup {
		return n, b.compile(inner)
	}
	return n, b.word(s[:n], word, width, options)
}

// closing returns the index of the sign that closes the one at s[i], or -1.
func closing(s string, i int, open, shut byte) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// word adds the value of one conversion word.
func (b *javaBuilder) word(what, word, width string, options []string) error {
	if word == "n" {
		b.text = append(b.text, '\n')
		return nil
	}
	c, ok := findConverter(word)
	if !ok {
		return fmt.Errorf("%s is not a conversion word", what)
	}
	if c.form == asPairs && len(options) > 0 && !strings.Contains(options[0], ",") {
		key, _, _ := strings.Cut(options[0], ":-")
		c = converter{name: strings.TrimSpace(key)}
	} else if word == "property" && len(options) > 0 {
		c.name = options[0]
	}
	if c.form == asNothing {
		return nil
	}
	return b.element(what, c, width, options)
}

// findConverter returns what a word means. Longer ones that are not known are the gateway's own: the message when they
// are called so, as %maskedMsg, and otherwise a field of that name.
func findConverter(word string) (converter, bool) {
	c, ok := converters[word]
	if ok || len(word) < 2 {
		return c, ok
	}
	if lower := strings.ToLower(word); strings.Contains(lower, "msg") || strings.Contains(lower, "message") {
		return converters["msg"], true
	}
	return converter{name: word}, true
}

// element adds a value, whose text before it is there.
func (b *javaBuilder) element(what string, c converter, width string, options []string) error {
	e := element{before: b.text, what: what, form: c.form}
	e.field = event.Field{Key: c.key, Name: []byte(c.name), ECS: c.ecs}
	e.padded = width != "" && width[0] != '-' && width[0] != '.'
	if c.form == asStamp {
		var err error
		if e.stamp, err = values.JavaDate(options); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		e.extent = untilStampEnd
		if !e.stamp.Dated {
			e.field.Key = event.None
		}
	}
	if n := len(b.elements); n > 0 && len(b.text) == 0 && b.elements[n-1].extent != untilStampEnd {
		if b.message == n-1 {
			return nil // what is written right behind the message belongs to it
		}
		return fmt.Errorf("nothing stands between %s and %s, so that one cannot tell where the first ends", b.elements[n-1].what, what)
	}
	if len(b.elements) == maxElements {
		return fmt.Errorf("more than %d conversion words", maxElements)
	}
	if strings.Contains(string(b.text), "\n") {
		return fmt.Errorf("a line break before %s is not supported: a record's first line must hold all values", what)
	}
	switch {
	case c.form == asMessage && b.message >= 0:
		return fmt.Errorf("%s: the message stands twice", what)
	case c.form == asMessage:
		b.message = len(b.elements)
	case b.used[c.name]:
		e.field.Name, e.field.ECS = []byte(fmt.Sprintf("%s_%d", c.name, len(b.elements))), false
	}
	b.used[c.name] = true
	b.text = nil
	b.elements = append(b.elements, e)
	return nil
}
