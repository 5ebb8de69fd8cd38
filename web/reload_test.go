package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
)

func TestReload(t *testing.T) {
	t.Parallel()
	f := func(result error, method, from string, headers map[string]string, want int, wantText string, wantCalls int) {
		t.Helper()
		calls := 0
		d := newWorld(fixed(start)).deps()
		d.Reload = func(context.Context) error { calls++; return result }
		rec := answerTo(handlerOf(t, d), from, method, "/-/reload", "", headers)
		if rec.Code != want || calls != wantCalls || wantText != "" && rec.Body.String() != wantText+"\n" {
			t.Errorf("%s /-/reload from %s with %v = %d %q after %d reloads, want %d %q after %d",
				method, from, headers, rec.Code, rec.Body, calls, want, wantText, wantCalls)
		}
	}
	const here = "127.0.0.1:5000"
	f(nil, http.MethodPost, here, nil, 200, "configuration reloaded", 1)
	f(nil, http.MethodPost, "[::1]:5000", nil, 200, "configuration reloaded", 1)
	f(fmt.Errorf("%w:\nline 3", ErrRefused), http.MethodPost, here, nil, 400, ErrRefused.Error()+":\nline 3", 1)
	f(errors.New("disk"), http.MethodPost, here, nil, 500, "disk", 1)
	f(nil, http.MethodGet, here, nil, 405, "only POST", 0)
	f(nil, http.MethodPost, "10.1.2.3:5000", nil, 403, "only from the agent's own host", 0)
	f(nil, http.MethodPost, here, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "", 0)
	f(nil, http.MethodPost, here, map[string]string{"Host": "evil.example.com"}, 421, "", 0)
}
