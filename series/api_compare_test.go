package series_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatewatch/series"
)

// durations are what two runs of one query never have in common.
var durations = regexp.MustCompile(`"timings":\{[^}]*\}`)

// TestAPIAnswersLikePrometheus sends the same requests to the API and to Prometheus' own over the same samples and rules,
// and compares the answers byte by byte.
func TestAPIAnswersLikePrometheus(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	odd(b)
	set, build := evaluated(t, b), series.Build{Version: "1.2.3", Revision: "abc", GoVersion: "go1.26"}
	ours, theirs := b.API(set, build), oracle(b, set, build)
	at := b.ts.Unix() + 1
	token := fmt.Sprintf("%x", sha256.Sum256([]byte("b.yml;second")))
	fill := strings.NewReplacer("NOW", fmt.Sprint(at), "BEFORE", fmt.Sprint(at-60), "RFC", b.ts.UTC().Format("2006-01-02T15:04:05.000Z"), "TOKEN", token)
	for _, line := range comparedRequests {
		line = fill.Replace(line)
		path, form, _ := strings.Cut(line, " ")
		values := parameters(t, form)
		compare(t, ours, theirs, line, func() *http.Request {
			return httptest.NewRequest(http.MethodGet, "/api/v1/"+path+"?"+values.Encode(), nil)
		})
		if strings.HasPrefix(path, "label/") || strings.HasPrefix(path, "metadata") || strings.HasPrefix(path, "rules") || !strings.Contains(line, " ") {
			continue // Prometheus only answers to GET.
		}
		compare(t, ours, theirs, "POST "+line, func() *http.Request {
			r := httptest.NewRequest(http.MethodPost, "/api/v1/"+path, strings.NewReader(values.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		})
	}
}

// parameters reads name=value, one after the other with " & " between.
func parameters(t *testing.T, form string) url.Values {
	t.Helper()
	values := url.Values{}
	for part := range strings.SplitSeq(form, " & ") {
		if name, value, ok := strings.Cut(part, "="); ok {
			values.Add(name, value)
		} else if part != "" {
			t.Fatalf("%q is no parameter", part)
		}
	}
	return values
}

func compare(t *testing.T, ours, theirs http.Handler, name string, request func() *http.Request) {
	t.Helper()
	got, want := httptest.NewRecorder(), httptest.NewRecorder()
	ours.ServeHTTP(got, request())
	theirs.ServeHTTP(want, request())
	for _, header := range []string{"Content-Type", "Content-Encoding", "Access-Control-Allow-Origin"} {
		if g, w := got.Header().Get(header), want.Header().Get(header); g != w {
			t.Errorf("%s: header %s is %q, Prometheus says %q", name, header, g, w)
		}
	}
	g, w := durations.ReplaceAll(body(t, got), nil), durations.ReplaceAll(body(t, want), nil)
	if got.Code != want.Code || !bytes.Equal(g, w) {
		t.Errorf("%s = %d %s\nPrometheus: %d %s", name, got.Code, g, want.Code, w)
	}
}

func body(t *testing.T, rec *httptest.ResponseRecorder) []byte {
	t.Helper()
	if rec.Header().Get("Content-Encoding") != "gzip" {
		return rec.Body.Bytes()
	}
	r, err := gzip.NewReader(rec.Body)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestAPICompressesLikePrometheus asks as a browser does.
func TestAPICompressesLikePrometheus(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	odd(b)
	ours, theirs := b.API(noRules{}, series.Build{}), oracle(b, &ruleSet{}, series.Build{})
	for _, encoding := range []string{"gzip", "deflate, gzip", "br", "identity"} {
		compare(t, ours, theirs, encoding, func() *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/api/v1/labels", nil)
			r.Header.Set("Accept-Encoding", encoding)
			r.Header.Set("Origin", "https://example.com")
			return r
		})
	}
}

// TestAPISaysThatSeriesWereCut: Prometheus itself forgets to.
func TestAPISaysThatSeriesWereCut(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	odd(b)
	rec := httptest.NewRecorder()
	b.API(noRules{}, series.Build{}).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/api/v1/series?match[]=odd&limit=2", nil))
	got := rec.Body.String()
	if rec.Code != 200 || strings.Count(got, `"__name__":"odd"`) != 2 || !strings.Contains(got, `"warnings":["results truncated due to limit"]`) {
		t.Errorf("%d %s, want two series and a warning", rec.Code, got)
	}
}
