package receivers

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// checkCard holds a message to what Workflows takes: 28 KiB after it became UTF-16 in a larger envelope, one card of a
// version that all clients show, and only elements of that version.
func checkCard(r *http.Request, body []byte) reply {
	var m struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type, Version string
				Body, Actions []map[string]any
			}
		}
	}
	no := func(why string) reply { return reply{status: 400, body: why, refuses: true} }
	if len(body)*3/2 > 28<<10 {
		return no("MessageSizeExceeded")
	}
	if err := json.Unmarshal(body, &m); err != nil || m.Type != "message" || len(m.Attachments) != 1 ||
		m.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" {
		return no("TriggerInputSchemaMismatch")
	}
	card := m.Attachments[0].Content
	if card.Type != "AdaptiveCard" || card.Version > "1.4" || len(card.Body) == 0 || len(card.Actions) > 6 {
		return no("InvalidBotAdaptiveCard")
	}
	for _, element := range card.Body {
		text, _ := element["text"].(string)
		if element["type"] == "TextBlock" && text == "" || element["type"] != "TextBlock" && element["type"] != "FactSet" {
			return no("InvalidBotAdaptiveCard")
		}
	}
	return reply{status: 202}
}

func testTeams(s *service, language string) Receiver {
	return newTeams(TeamsConfig{Entry: Entry{Name: "teams"}, URL: s.address(), Language: language}, pageOfTests())
}

func TestTeams(t *testing.T) {
	t.Parallel()
	s := newService(t, checkCard)
	s.send(t, testTeams(s, "en"), incident(), time.Hour)
	got := texts(s.only(t))
	for _, want := range []string{
		"🔴 WeChat Pay is failing, on their side", "Late by 1 h", "Payments lost", "about 412", "41.2% (expected 96.8%)", "critical · since",
		"58% of the attempts", "Why we think so: the other providers are well", "Attention", "https://gatewatch.example/?a=1&b=2",
		"https://git.example/docs/runbooks/PaymentProviderDown.md", "Gatewatch on pay-gw-01",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("card = %s, want %q in it", got, want)
		}
	}
}

func TestTeamsInChineseAndOver(t *testing.T) {
	t.Parallel()
	s := newService(t, checkCard)
	s.send(t, testTeams(s, "zh"), over(), 0)
	if got := texts(s.only(t)); !strings.Contains(got, "🟢 已恢复：微信支付 交易大量失败") || !strings.Contains(got, "Good") || !strings.Contains(got, "持续 7 分钟") {
		t.Errorf("card = %s", got)
	}
}

func TestTeamsLimits(t *testing.T) {
	t.Parallel()
	s := newService(t, checkCard)
	s.send(t, testTeams(s, "en"), endless(), time.Hour)
	if got := texts(s.only(t)); strings.Contains(got, "](https://evil") || strings.Contains(got, "<at") || !strings.Contains(got, "more alerts") {
		t.Errorf("card = %s", got)
	}
}

func TestTeamsFailures(t *testing.T) {
	t.Parallel()
	failures(t, func(s *service) Receiver { return testTeams(s, "en") }, ordinary())
}
