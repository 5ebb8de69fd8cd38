package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// languages are the languages of the page, in the order of the columns of texts. The first is the fallback.
var languages = [...]string{"en", "zh"}

const langCookie = "gatewatch_lang"

// language is one language with the names that depend on the deployment.
type language struct {
	code         string
	column       int
	providerName func(provider, lang string) string
}

// text returns the text with the key, with args put in as by fmt.Sprintf. A key that the table does not have is
// returned itself.
func (l *language) text(key string, args ...any) string {
	row, ok := texts[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return row[l.column]
	}
	return fmt.Sprintf(row[l.column], args...)
}

// provider returns the name of a provider for people.
func (l *language) provider(id string) string {
	if id == "" || id == unknown {
		return l.text("provider.unknown")
	}
	if l.providerName != nil {
		if name := l.providerName(id, l.code); name != "" {
			return name
		}
	}
	return id
}

// outcome returns the name of an outcome class for people.
func (l *language) outcome(class string) string {
	if key := "outcome." + class; texts[key][0] != "" {
		return l.text(key)
	}
	return class
}

// severity returns the name of an alert's severity for people.
func (l *language) severity(name string) string {
	if key := "severity." + name; texts[key][0] != "" {
		return l.text(key)
	}
	return name
}

// pick returns the text of the map in this language, or in the fallback.
func (l *language) pick(m map[string]string) string {
	if s := m[l.code]; s != "" {
		return s
	}
	return m[languages[0]]
}

// list joins names: "a, b and c".
func (l *language) list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], l.text("list.comma")) + l.text("list.and") + names[last]
}

// phrase writes p.
func (l *language) phrase(p phrase) string {
	var args []any
	for _, a := range p.Args {
		if d, ok := a.(time.Duration); ok {
			a = l.lasting(d)
		}
		args = append(args, a)
	}
	if len(p.Names) > 0 {
		args = append(args, l.list(p.Names))
	}
	return l.text(p.Key, args...)
}

// requestLanguage returns the code of the language that the request asks for: by ?lang, which is remembered in a
// cookie unless w is nil, by that cookie, or by Accept-Language.
func requestLanguage(w http.ResponseWriter, r *http.Request) string {
	if code, ok := knownLanguage(r.URL.Query().Get("lang")); ok {
		if w == nil {
			return code
		}
		http.SetCookie(w, &http.Cookie{
			Name: langCookie, Value: code, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
			HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
		return code
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if code, ok := knownLanguage(c.Value); ok {
			return code
		}
	}
	return acceptedLanguage(r.Header.Get("Accept-Language"))
}

// acceptedLanguage returns the known language with the highest weight in an Accept-Language header.
func acceptedLanguage(header string) string {
	best, bestWeight := languages[0], 0.0
	for part := range strings.SplitSeq(header, ",") {
		tag, param, _ := strings.Cut(part, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(param), "q="); ok {
			weight, _ = strconv.ParseFloat(q, 64)
		}
		if code, ok := knownLanguage(tag); ok && weight > bestWeight {
			best, bestWeight = code, weight
		}
	}
	return best
}

// knownLanguage returns the known language that the tag (zh-CN, en) belongs to.
func knownLanguage(tag string) (string, bool) {
	primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	for _, code := range languages {
		if primary == code {
			return code, true
		}
	}
	return "", false
}
