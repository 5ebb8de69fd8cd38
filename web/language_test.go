package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var verbs = regexp.MustCompile(`%(?:\[\d+\])?([sd])`)

func TestTextsAreComplete(t *testing.T) {
	t.Parallel()
	for key, row := range texts {
		var kinds [len(languages)][]string
		for i, text := range row {
			if strings.TrimSpace(text) == "" && key != "verdict.between" {
				t.Errorf("text %q lacks %s", key, languages[i])
			}
			for _, m := range verbs.FindAllStringSubmatch(text, -1) {
				kinds[i] = append(kinds[i], m[1])
			}
			slices.Sort(kinds[i])
		}
		if !slices.Equal(kinds[0], kinds[1]) {
			t.Errorf("text %q takes %v in %s and %v in %s", key, kinds[0], languages[0], kinds[1], languages[1])
		}
	}
}

// Every key in the templates is in the table.
func TestTextsExist(t *testing.T) {
	t.Parallel()
	use := regexp.MustCompile(`\{\{-?(?:t|.*? \(?t) "([^"]+)"`)
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		page, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range use.FindAllStringSubmatch(string(page), -1) {
			if _, ok := texts[m[1]]; !ok {
				t.Errorf("%s uses the text %q, which is not in the table", name, m[1])
			}
		}
	}
	for _, r := range ranges {
		for _, key := range []string{"range." + r.Name, "last." + r.Name, "last." + r.WindowName} {
			if _, ok := texts[key]; !ok {
				t.Errorf("the text %q is not in the table", key)
			}
		}
	}
	for _, o := range outcomeNames() {
		if _, ok := texts["outcome."+o]; !ok {
			t.Errorf("the outcome %q has no text", o)
		}
	}
}

func TestRequestLanguage(t *testing.T) {
	t.Parallel()
	f := func(query, cookie, accept, want string, remembered bool) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "/"+query, nil)
		r.Header.Set("Accept-Language", accept)
		if cookie != "" {
			r.AddCookie(&http.Cookie{Name: langCookie, Value: cookie})
		}
		w := httptest.NewRecorder()
		if got := requestLanguage(w, r); got != want {
			t.Errorf("language of %q, cookie %q, header %q = %s, want %s", query, cookie, accept, got, want)
		}
		if set := len(w.Result().Cookies()) > 0; set != remembered {
			t.Errorf("language of %q is remembered = %v, want %v", query, set, remembered)
		}
	}
	f("", "", "", "en", false)
	f("", "", "zh-CN,zh;q=0.9,en;q=0.8", "zh", false)
	f("", "", "fr, en;q=0.5, zh;q=0.7", "zh", false)
	f("", "", "zh;q=0, en;q=0.1", "en", false)
	f("", "", ";;;,q=,zh;q=x", "en", false)
	f("", "zh", "en", "zh", false)
	f("?lang=en", "zh", "zh", "en", true)
	f("?lang=zh-Hans", "", "", "zh", true)
	f("?lang=%00", "klingon", "", "en", false)
}
