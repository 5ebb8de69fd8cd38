package receivers

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gatewatch/internal/secret"
)

const testRoutingKey = "0123456789abcdef0123456789abcdef"

// checkEvent holds an event to the documentation of the Events API v2.
func checkEvent(r *http.Request, body []byte) reply {
	no := func(why string) reply {
		return reply{status: 400, body: `{"status":"invalid event","message":"Event object is invalid","errors":["` + why + `"]}`, refuses: true}
	}
	var e struct {
		RoutingKey  string `json:"routing_key"`
		EventAction string `json:"event_action"`
		DedupKey    string `json:"dedup_key"`
		Payload     *struct{ Summary, Source, Severity, Timestamp string }
		Links       []struct{ Href string }
	}
	if len(body) > 512<<10 {
		return reply{status: 413, refuses: true}
	}
	if err := json.Unmarshal(body, &e); err != nil || r.URL.Path != "/v2/enqueue" {
		return no("not JSON")
	}
	if len(e.RoutingKey) != 32 {
		return no("'routing_key' is missing or blank")
	}
	if e.DedupKey == "" || len(e.DedupKey) > 255 {
		return no("dedup_key")
	}
	switch e.EventAction {
	case "resolve":
	case "trigger":
		p := e.Payload
		if p == nil || p.Summary == "" || utf8.RuneCountInString(p.Summary) > 1024 || p.Source == "" || !strings.Contains(" critical error warning info ", " "+p.Severity+" ") {
			return no("payload")
		}
		if _, err := time.Parse(time.RFC3339, p.Timestamp); err != nil {
			return no("timestamp")
		}
	default:
		return no("event_action")
	}
	return reply{status: 202, body: `{"status":"success","message":"Event processed","dedup_key":"` + e.DedupKey + `"}`}
}

func testPagerDuty(s *service) Receiver {
	return newPagerDuty(PagerDutyConfig{Entry: Entry{Name: "pagerduty"}, RoutingKey: testRoutingKey, URL: s.URL, Language: "en"}, pageOfTests())
}

func TestPagerDuty(t *testing.T) {
	t.Parallel()
	s := newService(t, checkEvent)
	r := testPagerDuty(s)
	n := incident()
	n.Told.GroupKey = "g1"
	s.send(t, r, n, 0)
	resolved := over()
	resolved.Told.GroupKey = "g1"
	s.send(t, r, resolved, 0)
	other := incident()
	other.Told.GroupKey = "g2"
	s.send(t, r, other, 0)
	if len(s.taken) != 3 || s.taken[0]["event_action"] != "trigger" || s.taken[1]["event_action"] != "resolve" ||
		s.taken[0]["dedup_key"] != s.taken[1]["dedup_key"] || s.taken[0]["dedup_key"] == s.taken[2]["dedup_key"] {
		t.Fatalf("events = %v", s.taken)
	}
	got := texts(s.taken[0])
	for _, want := range []string{"🔴 WeChat Pay is failing, on their side", "critical", "pay-gw-01", "wechatpay", "about 412", "the other providers are well", "PaymentProviderDown.md"} {
		if !strings.Contains(got, want) {
			t.Errorf("event = %s, want %q in it", got, want)
		}
	}
}

// TestPagerDutyLateEnd tells of an incident that was over before PagerDuty could be reached, and leaves nothing open.
func TestPagerDutyLateEnd(t *testing.T) {
	t.Parallel()
	f := func(n Notice, late time.Duration, want ...string) {
		t.Helper()
		s := newService(t, checkEvent)
		s.send(t, testPagerDuty(s), n, late)
		var got []string
		for _, e := range s.taken {
			got = append(got, e["event_action"].(string))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("events = %v, want %v", got, want)
		}
	}
	f(over(), time.Hour, "trigger", "resolve")
	f(TestNotice(time.Now()), 0, "trigger", "resolve")
	f(endless(), time.Hour, "trigger")
}

func TestPagerDutyFailures(t *testing.T) {
	t.Parallel()
	cases := ordinary()
	cases[reply{status: 400, body: `{"errors":["'routing_key' is invalid"]}`}] = wants{blocked: true}
	delete(cases, reply{status: 500, body: "no\xff luck with " + secretPathOfTests})
	delete(cases, reply{status: 404, body: "no such hook " + secretPathOfTests + " on this host"})
	failures(t, testPagerDuty, cases)
	s := newService(t, nil, reply{status: 500, body: "key " + testRoutingKey})
	if err := testPagerDuty(s).Send(t.Context(), incident(), 0); err == nil || strings.Contains(err.Error(), secret.Secret(testRoutingKey).Reveal()) {
		t.Errorf("Send() = %v, want an error without the key", err)
	}
}
