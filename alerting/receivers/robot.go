package receivers

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// robotSpacing keeps a robot under the 20 messages a minute that DingTalk and WeCom take.
	robotSpacing = 3500 * time.Millisecond
	// robotBusyWait is the wait after "too often": DingTalk takes nothing for up to ten minutes then.
	robotBusyWait = time.Minute
)

// codes are the error codes of one kind of robot that mean something else than "this message will never get through".
type codes struct {
	often   []int // too many messages
	failed  []int // the service's own trouble
	blocked []int // robot, token, signature, address or keyword are not as the robot's owner wants them
}

// robot posts messages to a group; its answers have codes.
type robot struct {
	teller
	codes *codes
	post  *poster
}

// say posts a message to the robot's address.
func (r *robot) say(ctx context.Context, address string, message []byte) error {
	answer, err := r.post.post(ctx, address, message, nil)
	return r.codes.check(r.post, answer, err)
}

// robotAnswer is what robots answer with HTTP status 200; each knows its own names.
type robotAnswer struct {
	ErrCode *int   `json:"errcode"`
	ErrMsg  string `json:"errmsg"`
	Code    *int   `json:"code"`
	Msg     string `json:"msg"`
	// The names of Feishu's first version.
	StatusCode    *int   `json:"StatusCode"`
	StatusMessage string `json:"StatusMessage"`
}

// check says what an answer means, and err, which is the error of its HTTP status: a robot's code says more than that.
func (c *codes) check(p *poster, answer []byte, err error) error {
	var a robotAnswer
	broken := json.Unmarshal(answer, &a)
	code := cmp.Or(a.ErrCode, a.Code, a.StatusCode)
	switch {
	case broken == nil && code != nil && (*code != 0 || err == nil):
		return c.failure(p, *code, cmp.Or(a.ErrMsg, a.Msg, a.StatusMessage))
	case err != nil:
		return err
	}
	// Some page in between, such as a proxy's.
	return &SendError{Text: "the answer is not a robot's"}
}

func (c *codes) failure(p *poster, code int, text string) error {
	if code == 0 {
		return nil
	}
	e := &SendError{Text: p.redact(fmt.Sprintf("code %d: %q", code, cut(valid(text), maxErrorBody)))}
	switch {
	case slices.Contains(c.often, code):
		e.After = robotBusyWait
	case slices.Contains(c.failed, code):
	case slices.Contains(c.blocked, code):
		e.Blocked = true
	default:
		e.Refused = true
	}
	return e
}

// markdown writes a story in the markdown that DingTalk and WeCom share: headings, bold, quotes and links. What rules
// and logs say is made plain. between separates lines.
func markdown(s story, between string) string {
	lines := []string{"### " + plain(s.headline)}
	add := func(text string) {
		if text != "" {
			lines = append(lines, text)
		}
	}
	add(plain(s.late))
	for i, c := range s.chapters {
		if i > 0 {
			add("**" + plain(c.title) + "**")
		}
		add("> " + plain(c.when))
		add(plain(c.figuresLine("%s: %s")))
		add(plain(strings.Join(strings.Fields(c.what), " ")))
		add(plain(c.why))
	}
	add(s.more)
	var links []string
	if s.page != "" {
		links = append(links, markdownLink(s.open, s.page))
	}
	if s.linked() {
		links = append(links, markdownLink(s.book, s.runbook))
	} else if s.runbook != "" {
		links = append(links, s.book+": "+plain(s.runbook))
	}
	add(strings.Join(append(links, plain(s.sender)), " · "))
	return strings.Join(lines, between)
}

// markdownLink writes a link whose address cannot end it early.
func markdownLink(text, address string) string {
	return "[" + text + "](" + strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E").Replace(address) + ")"
}
