package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// policy allows our own files and nothing else: no inline script or style, no foreign host, no frame around us.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured adds the headers that keep the page to itself.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// hosts are the names by which the page may be asked for. Addresses are always allowed: a foreign site can make its
// own name point here, and then read what we answer, but it cannot take an address as its name.
type hosts map[string]bool

func newHosts(configured []string, own string) hosts {
	h := hosts{"localhost": true}
	for _, name := range append([]string{own}, configured...) {
		if name != "" {
			h[strings.ToLower(name)] = true
		}
	}
	return h
}

func (h hosts) allow(hostport string) bool {
	name := hostport
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return h[name] || strings.HasSuffix(name, ".localhost")
}

// get lets only GET and HEAD through, to what changes nothing.
func get(next http.Handler) http.Handler {
	return only(next, "only GET", http.MethodGet, http.MethodHead)
}

// readable lets also POST through, to what changes nothing all the same.
func readable(next http.Handler) http.Handler {
	return only(next, "only GET and POST", http.MethodGet, http.MethodHead, http.MethodPost)
}

// post lets only POST through.
func post(next http.Handler) http.Handler { return only(next, "only POST", http.MethodPost) }

func only(next http.Handler, refusal string, methods ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(methods, r.Method) {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			plain(w, http.StatusMethodNotAllowed, refusal)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// guarded protects what changes something: whoever does not only read must be on this host, ask by a name of ours, and
// not do it on behalf of another site's page. Programs, which send no origin, may.
func (s *server) guarded(next http.Handler) http.Handler {
	return http.NewCrossOriginProtection().Handler(s.checked(func(w http.ResponseWriter, r *http.Request) {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		if !reads && !fromHere(r.RemoteAddr) {
			plain(w, http.StatusForbidden, "only from the agent's own host")
			return
		}
		next.ServeHTTP(w, r)
	}))
}

func fromHere(remote string) bool {
	at, err := netip.ParseAddrPort(remote)
	return err == nil && at.Addr().Unmap().IsLoopback()
}
