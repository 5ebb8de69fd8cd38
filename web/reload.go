package web

import (
	"errors"
	"net/http"
)

// ErrRefused is what Deps.Reload wraps when the configuration is at fault.
var ErrRefused = errors.New("configuration refused, the one before stays in effect")

// reloading makes the agent read its configuration again.
func (s *server) reloading(w http.ResponseWriter, r *http.Request) {
	switch err := s.reload(r.Context()); {
	case err == nil:
		plain(w, http.StatusOK, "configuration reloaded")
	case errors.Is(err, ErrRefused):
		plain(w, http.StatusBadRequest, err.Error())
	default:
		plain(w, http.StatusInternalServerError, err.Error())
	}
}
