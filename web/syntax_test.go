package web

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseSearch(t *testing.T) {
	t.Parallel()
	f := func(text string, equal []Match, words ...string) {
		t.Helper()
		gotEqual, gotWords := parseSearch(text)
		if !reflect.DeepEqual(gotEqual, equal) || !reflect.DeepEqual(gotWords, words) {
			t.Errorf("parseSearch(%q) = %v, %q, want %v, %q", text, gotEqual, gotWords, equal, words)
		}
	}
	f("", nil)
	f("  ", nil)
	f("provider:wechatpay outcome:provider_down 系统异常",
		[]Match{{"payment.provider", "wechatpay"}, {"payment.outcome", "provider_down"}}, "系统异常")
	f(`level:error "connection reset"`, []Match{{"log.level", "error"}}, "connection reset")
	f(`order:"A 1\"2\\3"`, []Match{{"payment.order_id", `A 1"2\3`}})
	f("payment.code:SYSTEM_ERROR trace:4bf9", []Match{{"payment.code", "SYSTEM_ERROR"}, {"trace.id", "4bf9"}})
	f("status:502 file:/var/log/a.log", []Match{{"http.response.status_code", "502"}, {"log.file.path", "/var/log/a.log"}})
	f("labels.region:eu fields.thread:x fields.:y", []Match{{"labels.region", "eu"}, {"fields.thread", "x"}}, "fields.:y")
	f("http://a.example/x?y:z 14:02:11 :x x: Code:5", nil, "http://a.example/x?y:z", "14:02:11", ":x", "x:", "Code:5")
	f("level:", nil, "level:")
	f(`level:""`, []Match{{"log.level", ""}})
	f(`"open phrase`, nil, "open phrase")
	f(`""`, nil)
	f(`a"b c"d`, nil, `a"b`, `c"d`)
	f("a\u3000b\u00a0c", nil, "a", "b", "c")
	f("bad\xff", nil, "bad\uFFFD")
}

func TestParseSearchIsBounded(t *testing.T) {
	t.Parallel()
	equal, words := parseSearch(strings.Repeat("x ", 5000))
	if len(equal)+len(words) > maxTerms {
		t.Errorf("%d terms, want at most %d", len(equal)+len(words), maxTerms)
	}
}

func FuzzParseSearch(f *testing.F) {
	for _, s := range []string{"", "a b", `level:error "x y"`, `order:"a\"b"`, "http://x", `"`, "provider:", "系统异常 超时", "\xff:\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		equal, words := parseSearch(s)
		// What was read can be written so that it is read again.
		var b strings.Builder
		for _, m := range equal {
			b.WriteString(term(m.Name, m.Value) + " ")
		}
		for _, w := range words {
			if w == "" || !utf8.ValidString(w) {
				t.Fatalf("parseSearch(%q) has the word %q", s, w)
			}
			b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w) + `" `)
		}
		if b.Len() > maxSearchText {
			return
		}
		equalAgain, wordsAgain := parseSearch(b.String())
		if !reflect.DeepEqual(equal, equalAgain) || !reflect.DeepEqual(words, wordsAgain) {
			t.Errorf("parseSearch(%q) = %v, %q; written as %q it is %v, %q", s, equal, words, b.String(), equalAgain, wordsAgain)
		}
	})
}
