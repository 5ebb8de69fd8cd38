package web

import (
	"errors"
	"net/http"
	"net/netip"
)

// ErrRefused is what Deps.Reload wraps when the configuration is at fault.
var ErrRefused = errors.New("configuration refused, the one before stays in effect")

// reloading makes the agent read its configuration again. Only POST does, only from this host, and not on behalf of
// another site's page.
func (s *server) reloading(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		plain(w, http.StatusMethodNotAllowed, "only POST")
		return
	}
	if !fromHere(r.RemoteAddr) {
		plain(w, http.StatusForbidden, "only from the agent's own host")
		return
	}
	switch err := s.reload(r.Context()); {
	case err == nil:
		plain(w, http.StatusOK, "configuration reloaded")
	case errors.Is(err, ErrRefused):
		plain(w, http.StatusBadRequest, err.Error())
	default:
		plain(w, http.StatusInternalServerError, err.Error())
	}
}

func fromHere(remote string) bool {
	at, err := netip.ParseAddrPort(remote)
	return err == nil && at.Addr().Unmap().IsLoopback()
}
