package receivers

import (
	"errors"
	"html/template"
	"net/textproto"
	"strings"
)

// replyCode returns the code that a mail server answered, 0 when there is none.
func replyCode(err error) int {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return reply.Code
	}
	return 0
}

// mailText writes a story for mail programs that show plain text.
func mailText(s story) string {
	var b strings.Builder
	line := func(text string) {
		if text != "" {
			b.WriteString(text + "\n")
		}
	}
	line(s.headline)
	line(s.late)
	for i, c := range s.chapters {
		b.WriteByte('\n')
		if i > 0 {
			line(c.title)
		}
		line(c.when)
		for _, f := range c.figures {
			line(f.label + ": " + f.value)
		}
		line(c.what)
		line(c.why)
	}
	b.WriteByte('\n')
	line(s.more)
	if s.page != "" {
		line(s.open + ": " + s.page)
	}
	if s.runbook != "" {
		line(s.book + ": " + s.runbook)
	}
	line(s.sender)
	return b.String()
}

// mailStory is a story as mailPage reads it.
type mailStory struct {
	Headline, Late, More, Sender string
	Chapters                     []mailChapter
	Page, Runbook, Open, Book    string
	Linked                       bool
}

type mailChapter struct {
	Title, When, What, Why string
	Figures                []mailFigure
}

type mailFigure struct{ Label, Value string }

func mailData(s story) mailStory {
	m := mailStory{
		Headline: s.headline, Late: s.late, More: s.more, Sender: s.sender,
		Page: s.page, Runbook: s.runbook, Open: s.open, Book: s.book, Linked: s.linked(),
	}
	for i, c := range s.chapters {
		one := mailChapter{When: c.when, What: c.what, Why: c.why}
		if i > 0 {
			one.Title = c.title
		}
		for _, f := range c.figures {
			one.Figures = append(one.Figures, mailFigure{f.label, f.value})
		}
		m.Chapters = append(m.Chapters, one)
	}
	return m
}

// mailPage is plain on purpose: mail programs remove styles they do not know.
var mailPage = template.Must(template.New("mail").Parse(`<!DOCTYPE html>
<html><body style="font-family: sans-serif; max-width: 42em">
<h2>{{.Headline}}</h2>
{{with .Late}}<p><i>{{.}}</i></p>
{{end}}{{range .Chapters}}{{with .Title}}<hr><h3>{{.}}</h3>
{{end}}<p style="color: #666">{{.When}}</p>
{{with .Figures}}<table cellpadding="4">{{range .}}<tr><td style="color: #666">{{.Label}}</td><td><b>{{.Value}}</b></td></tr>{{end}}</table>
{{end}}{{with .What}}<p style="white-space: pre-line">{{.}}</p>
{{end}}{{with .Why}}<p>{{.}}</p>
{{end}}{{end}}{{with .More}}<p>{{.}}</p>
{{end}}<hr><p style="color: #666">{{with .Page}}<a href="{{.}}">{{$.Open}}</a> · {{end}}{{if .Linked}}<a href="{{.Runbook}}">{{.Book}}</a> · {{else if .Runbook}}{{.Book}}: {{.Runbook}} · {{end}}{{.Sender}}</p>
</body></html>
`))
