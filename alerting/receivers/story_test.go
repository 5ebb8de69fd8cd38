package receivers

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzStoryStaysInLimits looks at the receiver with the least room, and at those with markup.
func FuzzStoryStaysInLimits(f *testing.F) {
	f.Add("wechatpay is <failing> & \xff", "[x](https://evil.example) @all", 3)
	f.Add(strings.Repeat("&", 4000), strings.Repeat("长", 4000), 60)
	f.Add("", "\n\n\n", 0)
	f.Fuzz(func(t *testing.T, summary, description string, n int) {
		notice := incident()
		for range min(max(n, 0), 100) {
			a := notice.Alerts[0]
			a.Annotations = map[string]string{"summary": summary, "description": description, "success": summary, "runbook_url": "docs/A.md"}
			a.Labels = map[string]string{"alertname": summary, "provider": summary}
			a.Severity = description
			notice.Alerts = append(notice.Alerts, a)
		}
		notice.Alerts = notice.Alerts[min(1, len(notice.Alerts)-1):]
		page := pageOfTests()
		page.Host = description
		zh := newTeller("zh", page)
		chat := zh.within(maxWeCom, notice, time.Hour, func(s story) []byte { return []byte(markdown(s, "\n")) })
		if len(chat) > maxWeCom || len(chat) == 0 {
			t.Errorf("%d bytes of markdown: over the limit", len(chat))
		}
		if card := zh.within(maxTeams, notice, time.Hour, func(s story) []byte { return teamsCard(s, "Good") }); len(card) > maxTeams || !utf8.Valid(card) {
			t.Errorf("card of %d bytes, valid: %v", len(card), utf8.Valid(card))
		}
		if strings.Contains(string(chat), "<at") || strings.Contains(string(chat), "@all") {
			t.Errorf("markdown %q mentions people", chat)
		}
	})
}

func TestStamp(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CST", 8*3600)
	now := time.Date(2026, 11, 23, 0, 5, 0, 0, zone)
	for at, want := range map[time.Duration]string{0: "00:05 CST", -10 * time.Minute: "2026-11-22 23:55 CST"} {
		if got := stamp(now.Add(at).UTC(), now); got != want {
			t.Errorf("stamp(%v) = %q, want %q", at, got, want)
		}
	}
}
