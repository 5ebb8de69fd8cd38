package receivers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatewatch/internal/secret"
)

const robotSecret = "SEC-robot-secret"

func hmacOf(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// checkDingTalk holds a message to the rules of a robot with signature and the keyword Gatewatch.
func checkDingTalk(r *http.Request, body []byte) reply {
	no := func(code, text string) reply {
		return reply{body: `{"errcode":` + code + `,"errmsg":"` + text + `"}`, refuses: true}
	}
	q := r.URL.Query()
	at, err := strconv.ParseInt(q.Get("timestamp"), 10, 64)
	if err != nil || time.Since(time.UnixMilli(at)).Abs() > time.Hour || q.Get("sign") != hmacOf(robotSecret, q.Get("timestamp")+"\n"+robotSecret) {
		return no("310000", "sign not match")
	}
	var m struct {
		MsgType  string
		Markdown struct{ Title, Text string }
	}
	switch {
	case q.Get("access_token") != "very-secret-token":
		return no("300001", "token is not exist")
	case len(body) > 20_000:
		return no("460101", "message too long")
	case json.Unmarshal(body, &m) != nil || m.MsgType != "markdown" || m.Markdown.Title == "" || m.Markdown.Text == "":
		return no("40035", "invalid parameters")
	case !strings.Contains(m.Markdown.Text, "Gatewatch"):
		return no("310000", "keywords not in content")
	}
	return reply{body: `{"errcode":0,"errmsg":"ok"}`}
}

func testDingTalk(s *service, language string) Receiver {
	return newDingTalk(DingTalkConfig{
		Entry: Entry{Name: "dingtalk"}, URL: secret.Secret(s.URL + "/robot/send?access_token=very-secret-token"), Secret: robotSecret, Language: language,
	}, pageOfTests())
}

// checkWeCom holds a message to 4096 bytes of text.
func checkWeCom(r *http.Request, body []byte) reply {
	var m struct {
		MsgType  string
		Markdown struct{ Content string }
	}
	switch {
	case json.Unmarshal(body, &m) != nil || m.MsgType != "markdown" || m.Markdown.Content == "":
		return reply{body: `{"errcode":40008,"errmsg":"invalid message type"}`, refuses: true}
	case len(m.Markdown.Content) > 4096:
		return reply{body: `{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}`, refuses: true}
	}
	return reply{body: `{"errcode":0,"errmsg":"ok"}`}
}

func testWeCom(s *service, language string) Receiver {
	return newWeCom(WeComConfig{
		Entry: Entry{Name: "wecom"}, URL: secret.Secret(s.URL + "/cgi-bin/webhook/send?key=very-secret-token"), Language: language,
	}, pageOfTests())
}

// checkFeishu holds a card to the rules of a robot with signature.
func checkFeishu(r *http.Request, body []byte) reply {
	no := func(code, text string) reply {
		return reply{body: `{"code":` + code + `,"msg":"` + text + `"}`, refuses: true}
	}
	var m struct {
		Timestamp, Sign string
		MsgType         string `json:"msg_type"`
		Card            struct {
			Header struct {
				Title    struct{ Tag, Content string }
				Template string
			}
			Elements []map[string]any
		}
	}
	if json.Unmarshal(body, &m) != nil || m.MsgType != "interactive" || len(m.Card.Elements) == 0 || m.Card.Header.Title.Content == "" {
		return no("9499", "Bad Request")
	}
	at, err := strconv.ParseInt(m.Timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(at, 0)).Abs() > time.Hour || m.Sign != hmacOf(m.Timestamp+"\n"+robotSecret, "") {
		return no("19021", "sign match fail or timestamp is not within one hour from current time")
	}
	if len(body) > 20<<10 {
		return reply{status: 400, body: `{"code":9499,"msg":"request body too large"}`, refuses: true}
	}
	for _, e := range m.Card.Elements {
		if e["tag"] == "div" && e["text"] == nil && e["fields"] == nil {
			return no("11246", "card content is invalid")
		}
	}
	return reply{body: `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`}
}

func testFeishu(s *service, language string) Receiver {
	return newFeishu(FeishuConfig{Entry: Entry{Name: "feishu"}, URL: s.address(), Secret: robotSecret, Language: language}, pageOfTests())
}

// robots are all kinds, each with a service that enforces its rules.
func robots() map[string]struct {
	make  func(*service, string) Receiver
	rules func(*http.Request, []byte) reply
} {
	return map[string]struct {
		make  func(*service, string) Receiver
		rules func(*http.Request, []byte) reply
	}{
		"dingtalk": {testDingTalk, checkDingTalk},
		"wecom":    {testWeCom, checkWeCom},
		"feishu":   {testFeishu, checkFeishu},
	}
}

func TestRobots(t *testing.T) {
	t.Parallel()
	for name, robot := range robots() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := func(language string, n Notice, want ...string) {
				t.Helper()
				s := newService(t, robot.rules)
				s.send(t, robot.make(s, language), n, time.Hour)
				got := texts(s.only(t))
				for _, one := range want {
					if !strings.Contains(got, one) {
						t.Errorf("message = %s, want %q in it", got, one)
					}
				}
				for _, tag := range []string{"<at", "](https://evil", "\xff"} {
					if strings.Contains(got, tag) && name != "feishu" { // whose texts are plain
						t.Errorf("message = %s, want no %q", got, tag)
					}
				}
			}
			f("en", incident(), "WeChat Pay is failing, on their side", "Late by 1 h", "about 412", "41.2% (expected 96.8%)", "58% of the attempts",
				"the other providers are well", "https://gatewatch.example/?a=1&b=2", "PaymentProviderDown.md", "Gatewatch on pay-gw-01")
			f("zh", over(), "已恢复：微信支付 交易大量失败", "持续 7 分钟", "约 412 笔", "PaymentProviderDown.zh.md", " pay-gw-01")
			f("zh", endless(), "另有")
			f("en", TestNotice(time.Now()), "Test: Gatewatch can reach you")
		})
	}
}

func TestRobotFailures(t *testing.T) {
	t.Parallel()
	for name, codes := range map[string]map[reply]wants{
		"dingtalk": {
			{body: `{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`}: {after: robotBusyWait},
			{body: `{"errcode":310000,"errmsg":"sign not match: very-secret-token"}`}:         {blocked: true},
			{body: `{"errcode":300001,"errmsg":"token is not exist"}`}:                        {blocked: true},
			{body: `{"errcode":-1,"errmsg":"system busy"}`}:                                   {},
			{body: `{"errcode":430102,"errmsg":"unsafe link"}`}:                               {refused: true},
			{body: `<html>please log in</html>`}:                                              {},
		},
		"wecom": {
			{body: `{"errcode":45009,"errmsg":"api freq out of limit"}`}: {after: robotBusyWait},
			{body: `{"errcode":93000,"errmsg":"invalid webhook url"}`}:   {blocked: true},
			{body: `{"errcode":40058,"errmsg":"exceed max length"}`}:     {refused: true},
			{body: `{}`}: {},
		},
		"feishu": {
			{body: `{"code":11232,"msg":"frequency limited"}`}:                   {after: robotBusyWait},
			{status: 400, body: `{"code":19001,"msg":"token invalid"}`}:          {blocked: true},
			{body: `{"code":19021,"msg":"sign match fail"}`}:                     {blocked: true},
			{body: `{"code":9499,"msg":"Bad Request","data":{}}`}:                {refused: true},
			{body: `{"StatusCode":19024,"StatusMessage":"Key Words Not Found"}`}: {blocked: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			make := func(s *service) Receiver { return robots()[name].make(s, "en") }
			failures(t, make, codes)
			failures(t, make, ordinary())
		})
	}
}

// TestDingTalkKeepsTheAddress checks that the signature is added to what stands in the address.
func TestDingTalkKeepsTheAddress(t *testing.T) {
	t.Parallel()
	d := newDingTalk(DingTalkConfig{URL: "https://oapi.dingtalk.com/robot/send?access_token=a%2Bb", Secret: "s"}, Page{})
	u, err := url.Parse(d.address(time.UnixMilli(1700000000123)))
	if err != nil || u.Query().Get("access_token") != "a+b" || u.Query().Get("timestamp") != "1700000000123" || u.Query().Get("sign") != hmacOf("s", "1700000000123\ns") {
		t.Errorf("address = %v, %v", u, err)
	}
}
