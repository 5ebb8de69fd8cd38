package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestRestoreTests(t *testing.T) {
	t.Parallel()
	f := func(method, from, body string, headers map[string]string, want int, wantName string) {
		t.Helper()
		var told string
		d := newWorld(fixed(start)).deps()
		d.RestoreTested = func(name string) error {
			if name != "orders" {
				return errors.New("no such backup")
			}
			told = name
			return nil
		}
		rec := answerTo(handlerOf(t, d), from, method, "/api/v1/restore-tests", body, headers)
		if rec.Code != want || told != wantName {
			t.Errorf("%s %q from %s = %d %q and %q told, want %d and %q", method, body, from, rec.Code, rec.Body, told, want, wantName)
		}
	}
	const here, good = "127.0.0.1:5000", `{"name":"orders"}`
	f(http.MethodPost, here, good, nil, 200, "orders")
	f(http.MethodGet, here, good, nil, 405, "")
	f(http.MethodPost, "10.1.2.3:5000", good, nil, 403, "")
	f(http.MethodPost, here, good, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "")
	f(http.MethodPost, here, `{"name":""}`, nil, 400, "")
	f(http.MethodPost, here, `{"name":"other"}`, nil, 400, "")
	f(http.MethodPost, here, `{"name":"`+strings.Repeat("1", 5000)+`"}`, nil, 400, "")
}
