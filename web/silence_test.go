package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// submit returns what h answers to a form that is sent from its own host.
func submit(h http.Handler, path, form string) *httptest.ResponseRecorder {
	return answerTo(h, "127.0.0.1:5000", http.MethodPost, path, form, map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
}

// TestSilencing sends the form of the incidents' page. The page's clock shows 14:09 in a zone of +8 h.
func TestSilencing(t *testing.T) {
	t.Parallel()
	f := func(form url.Values, refused error, want int, wantText string, wantAsked *SilenceRequest) {
		t.Helper()
		var asked *SilenceRequest
		d := newWorld(fixed(start)).deps()
		d.Silence = func(_ context.Context, q SilenceRequest) error { asked = &q; return refused }
		rec := submit(handlerOf(t, d), "/incidents/silence", form.Encode())
		if rec.Code != want || !strings.Contains(rec.Body.String()+rec.Header().Get("Location"), wantText) {
			t.Errorf("form %v = %d %q, want %d %q", form, rec.Code, rec.Body, want, wantText)
		}
		switch {
		case (asked == nil) != (wantAsked == nil):
			t.Errorf("form %v asked for %+v, want %+v", form, asked, wantAsked)
		case asked != nil && (!asked.Until.Equal(wantAsked.Until) || asked.By != wantAsked.By || asked.Comment != wantAsked.Comment ||
			asked.Labels["provider"] != "wechatpay"):
			t.Errorf("form %v asked for %+v, want %+v", form, asked, wantAsked)
		}
	}
	form := func(pairs ...string) url.Values {
		v := url.Values{"incident": {"a1"}, "span": {"4h"}, "by": {"Li Wei"}, "comment": {"they know"}}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	ask := func(until time.Time) *SilenceRequest {
		return &SilenceRequest{By: "Li Wei", Comment: "they know", Until: until}
	}
	morning := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	f(form(), nil, 303, "/incidents#i-a1", ask(start.Add(4*time.Hour)))
	f(form("span", "morning"), nil, 303, "", ask(morning))
	f(form(), errors.New("disk"), 400, "Nothing was changed: disk", ask(start.Add(4*time.Hour)))
	f(form("by", "  "), nil, 400, "your name", nil)
	f(form("by", strings.Repeat("x", 101)), nil, 400, "your name", nil)
	f(form("span", "forever"), nil, 400, "one of the given spans", nil)
	f(form("incident", "a0"), nil, 404, "is over", nil)
	f(form("incident", "<b>"), nil, 404, "is over", nil)
}

// TestSilencedIncident has the page show who silenced what, until when and why.
func TestSilencedIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(fixed(start))
	h := w.handler(t)
	body := fetch(t, h, "/incidents").Body.String()
	if n := strings.Count(body, `action="/incidents/silence"`); n != 1 || strings.Contains(body, "/incidents/unsilence") {
		t.Errorf("%d forms to silence, want 1 for the one active incident, and none to end a silence", n)
	}
	w.incidents[0].Silences = []Silence{{ID: "5e-1", By: "Li <Wei>", Comment: "they know", Until: start.Add(time.Hour)}}
	for lang, wants := range map[string][]string{
		"en": {"Silenced until 2026-11-22 15:09:41 by Li &lt;Wei&gt;", "<q>they know</q>", `name="silence" value="5e-1"`, "End the silence"},
		"zh": {"Li &lt;Wei&gt; 已静默至 2026-11-22 15:09:41", "解除静默"},
	} {
		body := fetch(t, h, "/incidents?lang="+lang).Body.String()
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("page in %s has no %q", lang, want)
			}
		}
		if strings.Contains(body, `action="/incidents/silence"`) {
			t.Errorf("page in %s offers to silence what is silenced", lang)
		}
	}
}

// TestEndSilence ends one, and shows why it cannot be ended.
func TestEndSilence(t *testing.T) {
	t.Parallel()
	f := func(id string, result error, want int, wantText string) {
		t.Helper()
		ended := ""
		d := newWorld(fixed(start)).deps()
		d.Unsilence = func(_ context.Context, id string) error { ended = id; return result }
		rec := submit(handlerOf(t, d), "/incidents/unsilence", "silence="+id)
		if rec.Code != want || ended != id || !strings.Contains(rec.Body.String()+rec.Header().Get("Location"), wantText) {
			t.Errorf("ending %q = %d %q after %q, want %d %q", id, rec.Code, rec.Body, ended, want, wantText)
		}
	}
	f("5e-1", nil, 303, "/incidents")
	f("gone", errors.New("not found"), 400, "Nothing was changed: not found")
	f("", nil, 400, "the field silence is missing")
}
