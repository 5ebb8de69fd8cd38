package receivers

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// link writes a link whose address cannot end it early. An address too long to be one is left out.
func link(address, text string) string {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxField/2 {
		return escape(text)
	}
	return "<" + strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace(u.String()) + "|" + escape(text) + ">"
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape takes the three characters that mean something to Slack out of text.
func escape(s string) string { return escaper.Replace(s) }

// fit escapes s and cuts it to at most limit characters of the result.
func fit(s string, limit int) string {
	s = strings.ToValidUTF8(s, "�")
	escaped := escape(s)
	if utf8.RuneCountInString(escaped) <= limit {
		return escaped
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		one := escape(string(r))
		if n+len(one) > limit-1 && n+utf8.RuneCountInString(one) > limit-1 {
			break
		}
		n += utf8.RuneCountInString(one)
		b.WriteString(one)
	}
	return b.String() + "…"
}

// cut shortens s to limit characters.
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	return string(runes[:limit-1]) + "…"
}
