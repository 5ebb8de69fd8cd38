package outputs

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestJudge says of every status code what it means: only 200, 201 and 409 of an item end its way well, and only
// other 4xx of an item end it badly.
func TestJudge(t *testing.T) {
	t.Parallel()
	wantItem := map[int]fate{200: delivered, 201: delivered, 409: delivered, 401: unwelcome, 403: unwelcome, 408: again, 429: again}
	wantRequest := map[int]fate{408: again, 413: oversize, 429: again}
	for status := 100; status < 600; status++ {
		item, request := unknown, unknown
		switch {
		case status >= 500:
			item, request = again, again
		case status >= 400:
			item, request = rejected, unwelcome
		case status >= 300:
			request = unwelcome
		}
		if w, ok := wantItem[status]; ok {
			item = w
		}
		if w, ok := wantRequest[status]; ok {
			request = w
		}
		if got := judgeItem(status, "some_exception"); got != item {
			t.Errorf("judgeItem(%d) = %v, want %v", status, got, item)
		}
		if got := judgeRequest(status, ""); got != request {
			t.Errorf("judgeRequest(%d) = %v, want %v", status, got, request)
		}
	}
	f := func(status int, errorType string, want fate) {
		t.Helper()
		if got := judgeItem(status, errorType); got != want {
			t.Errorf("judgeItem(%d, %s) = %v, want %v", status, errorType, got, want)
		}
	}
	f(403, "cluster_block_exception", again)
	f(403, "security_exception", unwelcome)
	f(404, "index_not_found_exception", again)
	f(400, "index_closed_exception", again)
	f(400, "validation_exception", again)
	f(400, "document_parsing_exception", rejected)
	f(400, "illegal_argument_exception", rejected)
}

func TestPauses(t *testing.T) {
	t.Parallel()
	f := func(n int, ft fate, asked, least, most time.Duration) {
		t.Helper()
		for range 100 {
			if got := pauseAfter(n, ft, asked); got < least || got > most {
				t.Fatalf("pauseAfter(%d, %v, %v) = %v, want between %v and %v", n, ft, asked, got, least, most)
			}
		}
	}
	f(1, again, 0, 100*time.Millisecond, 200*time.Millisecond)
	f(4, again, 0, 800*time.Millisecond, 1600*time.Millisecond)
	f(100, again, 0, 15*time.Second, 30*time.Second)
	f(1<<30, unknown, 0, 15*time.Second, 30*time.Second)
	f(1, unwelcome, 0, 15*time.Second, 30*time.Second)
	f(1, again, time.Minute, time.Minute, time.Minute)
	f(1, again, time.Hour, 5*time.Minute, 5*time.Minute)

	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	g := func(header string, want time.Duration) {
		t.Helper()
		if got := retryAfter(http.Header{"Retry-After": {header}}, now); got != want {
			t.Errorf("retryAfter(%q) = %v, want %v", header, got, want)
		}
	}
	g("", 0)
	g("3", 3*time.Second)
	g("-3", 0)
	g("9223372036854775807", 5*time.Minute)
	g("soon", 0)
	g("Sun, 22 Nov 2026 08:00:09 GMT", 9*time.Second)
	g("Sun, 22 Nov 2026 07:00:09 GMT", 0)
}

func TestParseAnswer(t *testing.T) {
	t.Parallel()
	const ok, bad = `{"create":{"status":201}}`, `{"create":{"status":400,"error":{"type":"x","reason":"\"status\":201","caused_by":{"reason":"y"}}}}`
	f := func(answer string, n int, want string) {
		t.Helper()
		verdicts, err := parseAnswer([]byte(answer), n)
		got := "error"
		if err == nil {
			got = "all"
			if verdicts != nil {
				got = fmt.Sprint(verdicts)
			}
		}
		if got != want {
			t.Errorf("parseAnswer(%s, %d) = %s (%v), want %s", answer, n, got, err, want)
		}
	}
	f(`{"errors":false,"items":[`+ok+`,`+ok+`]}`, 2, "all")
	f(`{"took":1,"errors":false,"items":[{"create":{"_index":"i","_id":"d","status":201}}]}`, 1, "all")
	f(`{"errors":false,"items":[{"create":{"status":200}}]}`, 1, "[{0 200  }]")
	f(`{"errors":false,"items":[{"create":{"status":409,"error":{"type":"x"}}},`+ok+`]}`, 1, "error")
	f(`{"errors":false,"items":[{"create":{"_id":"\"status\":201}}"}}]}`, 1, "[{5 0  }]")
	f("{\n \"errors\" : false, \"items\" : [ { \"create\" : { \"status\" : 201 } } ] }", 1, "[{0 201  }]")
	f(`{"errors":true,"items":[`+ok+`,`+bad+`]}`, 2, `[{0 201  } {3 400 x "status":201: y}]`)
	f(`{"errors":true,"items":[{"create":{"status":500,"error":"just text"}}]}`, 1, `[{1 500  just text}]`)
	f(`{"errors":false,"items":[`+ok+`]}`, 2, "error")
	f(`{"errors":false,"items":[`+ok+`,`+ok+`]}`, 1, "error")
	f(`{"errors":true,"items":[`+bad+`]}`, 2, "error")
	f(`{"errors":false,"items":[`+ok+`,`+ok, 2, "error")
	f(`{"errors":false,"items":[`+ok+`,`+ok+`]}{`, 2, "error")
	f(`{"errors":false}`, 1, "error")
	f(`{"errors":false,"items":[`+ok+`,{"create":{"status":2`, 2, "error")
	f(`{"items":[{"index":{"status":201}}],"errors":false}`, 1, "error")
	f(`{"items":[`+ok+`]}`, 1, "error")
	f(`{"errors":false,"items":[{"create":{"status":202}}]}`, 1, `[{5 202  }]`)
	f(`<html>`, 1, "error")
	f(``, 1, "error")
	f(`null`, 1, "error")
}

// FuzzParseAnswer: no answer counts a document as delivered that it does not name with a status of success.
func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(`{"errors":false,"items":[{"create":{"status":201}}]}`), 1)
	f.Add([]byte(`{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":429,"error":{"type":"t","reason":"r"}}}]}`), 2)
	f.Add([]byte(`{"errors":false,"took":3,"items":[{"create":{"_id":"a","status":200}},{"create":{"status":409}}]}`), 2)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		n = max(1, n%100)
		verdicts, err := parseAnswer(data, n)
		if err != nil {
			return
		}
		if verdicts != nil && (len(verdicts) != n || !json.Valid(data)) {
			t.Fatalf("parseAnswer(%q, %d) = %d verdicts", data, n, len(verdicts))
		}
		if verdicts == nil && strings.Count(string(data), `"status":20`) < n {
			t.Fatalf("parseAnswer(%q, %d) says that all are delivered", data, n)
		}
	})
}
