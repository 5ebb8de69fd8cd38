package web

import (
	"net"
	"net/http"
	"net/netip"
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
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}
