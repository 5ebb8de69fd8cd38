package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// maxSilenceBody bounds a form, maxSilenceName and maxSilenceComment what people write in it, in characters.
	maxSilenceBody                    = 16 << 10
	maxSilenceName, maxSilenceComment = 100, 1000
	// morning is the hour until which a silence may be made to last.
	morning = 8
)

// silenceSpans are how long a silence may be made to last on the page.
var silenceSpans = [...]silenceSpan{{"1h", time.Hour}, {"4h", 4 * time.Hour}, {"morning", 0}, {"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}}

type silenceSpan struct {
	Name string
	span time.Duration
}

// silenceUntil returns when a silence that begins now ends; zero for a span that there is not. The page's time zone says when
// it is morning.
func (s *server) silenceUntil(name string) time.Time {
	i := slices.IndexFunc(silenceSpans[:], func(one silenceSpan) bool { return one.Name == name })
	if i < 0 {
		return time.Time{}
	}
	now := s.now().In(s.loc)
	if span := silenceSpans[i].span; span > 0 {
		return now.Add(span)
	}
	until := time.Date(now.Year(), now.Month(), now.Day(), morning, 0, 0, 0, s.loc)
	if !until.After(now) {
		until = until.AddDate(0, 0, 1)
	}
	return until
}

// silencing takes the form that silences an incident: incident, span, by, comment.
func (s *server) silencing(w http.ResponseWriter, r *http.Request) {
	l := s.views.language(requestLanguage(w, r))
	r.Body = http.MaxBytesReader(w, r.Body, maxSilenceBody)
	id, by, comment := r.PostFormValue("incident"), strings.TrimSpace(r.PostFormValue("by")), strings.TrimSpace(r.PostFormValue("comment"))
	until := s.silenceUntil(r.PostFormValue("span"))
	if by == "" || until.IsZero() || utf8.RuneCountInString(by) > maxSilenceName || utf8.RuneCountInString(comment) > maxSilenceComment {
		plain(w, http.StatusBadRequest, l.text("silence.wrong"))
		return
	}
	all := s.incidents()
	i := slices.IndexFunc(all, func(one Incident) bool { return one.ID == id && one.active() })
	if i < 0 {
		plain(w, http.StatusNotFound, l.text("silence.over"))
		return
	}
	err := s.silence(r.Context(), SilenceRequest{Labels: all[i].Labels, By: by, Comment: comment, Until: until})
	s.changed(w, r, "/incidents#i-"+id, err)
}

// unsilencing takes the form that ends a silence: silence.
func (s *server) unsilencing(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxSilenceBody)
	id := r.PostFormValue("silence")
	if id == "" {
		s.changed(w, r, "", errors.New("the field silence is missing"))
		return
	}
	s.changed(w, r, "/incidents", s.unsilence(r.Context(), id))
}

// changed leads back to the page of the form, or says why nothing changed.
func (s *server) changed(w http.ResponseWriter, r *http.Request, back string, err error) {
	if err != nil {
		l := s.views.language(requestLanguage(w, r))
		plain(w, http.StatusBadRequest, l.text("silence.failed", err.Error()))
		return
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}
