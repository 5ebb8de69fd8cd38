package fakeslack

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"html"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

// viewer is who presses buttons on the page.
var viewer = User{ID: "U0LIN", Name: "lin.wei"}

// Page shows the channel with its threads in a browser, as Slack would about do; its buttons can be pressed.
func (s *Server) Page() http.Handler {
	page := template.Must(template.New("page").Parse(pageText))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, map[string]any{"Threads": s.shown(), "Whispers": s.Whispers(), "Connections": s.Connections()})
	})
	mux.HandleFunc("POST /press", func(w http.ResponseWriter, r *http.Request) {
		if err := s.Press(viewer, r.FormValue("ts"), r.FormValue("action"), r.FormValue("choice")); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	return mux
}

// shownMessage is a message as the page shows it.
type shownMessage struct {
	TS, At  string
	Edited  bool
	Blocks  []shownBlock
	Replies []shownMessage
	Images  []template.URL
}

// shownBlock is a block: exactly one of its parts is set.
type shownBlock struct {
	Header, Section, Context, Quote template.HTML
	Fields                          []template.HTML
	Buttons                         []shownButton
	Chart                           template.HTML
	Title                           string
	Divider                         bool
}

type shownButton struct {
	Action, Text, Style string
	Options             []shownButton // Action is the choice
}

func (s *Server) shown() []shownMessage {
	var all []shownMessage
	for _, m := range s.Heads() {
		one := show(m)
		for _, r := range s.Replies(m.TS) {
			one.Replies = append(one.Replies, show(r))
		}
		for _, f := range s.Files() {
			if f.ThreadTS == m.TS {
				//nolint:gosec // a picture that the fake has decoded
				one.Images = append(one.Images, template.URL("data:image/png;base64,"+base64.StdEncoding.EncodeToString(f.Content)))
			}
		}
		all = append(all, one)
	}
	return all
}

func show(m Message) shownMessage {
	seconds, _ := strconv.ParseFloat(m.TS, 64)
	one := shownMessage{TS: m.TS, At: time.Unix(int64(seconds), 0).Format("15:04"), Edited: m.Edits > 0}
	for _, b := range m.Blocks {
		one.Blocks = append(one.Blocks, showBlock(b))
	}
	if len(m.Blocks) == 0 {
		one.Blocks = []shownBlock{{Section: markdown(m.Text)}}
	}
	return one
}

func showBlock(b map[string]any) (one shownBlock) {
	text := func(v any) string {
		o, _ := v.(map[string]any)
		s, _ := o["text"].(string)
		return s
	}
	list := func(v any) (all []map[string]any) {
		many, _ := v.([]any)
		for _, one := range many {
			if o, ok := one.(map[string]any); ok {
				all = append(all, o)
			}
		}
		return all
	}
	switch b["type"] {
	case "header":
		one.Header = template.HTML(html.EscapeString(text(b["text"]))) //nolint:gosec // escaped
	case "section":
		if t := text(b["text"]); strings.HasPrefix(t, "```") {
			one.Quote = markdown(strings.Trim(t, "`\n"))
		} else if t != "" {
			one.Section = markdown(t)
		}
		for _, f := range list(b["fields"]) {
			one.Fields = append(one.Fields, markdown(text(f)))
		}
	case "context":
		for _, e := range list(b["elements"]) {
			one.Context += markdown(text(e))
		}
	case "actions":
		for _, e := range list(b["elements"]) {
			button := shownButton{Action: fmt.Sprint(e["action_id"]), Text: text(e["text"]) + text(e["placeholder"]), Style: fmt.Sprint(e["style"])}
			for _, o := range list(e["options"]) {
				button.Options = append(button.Options, shownButton{Action: fmt.Sprint(o["value"]), Text: text(o["text"])})
			}
			one.Buttons = append(one.Buttons, button)
		}
	case "data_visualization":
		one.Title = fmt.Sprint(b["title"])
		chart, _ := b["chart"].(map[string]any)
		one.Chart = drawChart(chart)
	case "divider":
		one.Divider = true
	}
	return one
}

var (
	anchor = regexp.MustCompile(`&lt;(https?://.*?)\|(.*?)&gt;`)
	date   = regexp.MustCompile(`&lt;!date\^(\d+)\^(.*?)\|.*?&gt;`)
	person = regexp.MustCompile(`&lt;[@!](?:subteam\^)?(.*?)&gt;`)
	bold   = regexp.MustCompile(`\*([^*\n]+)\*`)
	code   = regexp.MustCompile("`([^`\n]+)`")
)

// markdown makes HTML of Slack's markup.
func markdown(text string) template.HTML {
	// What is between < and > is markup, &lt; is a text's own: it must not become markup now.
	text = html.EscapeString(text)
	text = anchor.ReplaceAllString(text, `<a href="$1">$2</a>`)
	text = date.ReplaceAllStringFunc(text, func(found string) string {
		parts := date.FindStringSubmatch(found)
		unix, _ := strconv.ParseInt(parts[1], 10, 64)
		return time.Unix(unix, 0).Format("15:04")
	})
	text = person.ReplaceAllString(text, `<b class="who">@$1</b>`)
	text = strings.ReplaceAll(text, "@"+viewer.ID, "@"+viewer.Name)
	text = bold.ReplaceAllString(text, "<b>$1</b>")
	text = code.ReplaceAllString(text, "<code>$1</code>")
	text = strings.NewReplacer("&amp;lt;", "&lt;", "&amp;gt;", "&gt;", "&amp;amp;", "&amp;", "\n", "<br>").Replace(text)
	return template.HTML(text) //nolint:gosec // escaped above
}
