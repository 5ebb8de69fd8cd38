package collectors

import (
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"
)

// phases notes when the parts of one HTTP request began and ended. Go tries several addresses at once, so its hooks
// come from several goroutines, some of them after the request is over.
type phases struct {
	mu                                           sync.Mutex
	dnsStart, dnsDone, connectStart, connectDone time.Time
	tlsStart, tlsDone, gotConn, firstByte        time.Time
}

// trace returns the hooks that fill p.
func (p *phases) trace() *httptrace.ClientTrace {
	// Only the first time counts: later ones belong to attempts at other addresses.
	note := func(at *time.Time) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if at.IsZero() {
			*at = time.Now()
		}
	}
	return &httptrace.ClientTrace{
		DNSStart:     func(httptrace.DNSStartInfo) { note(&p.dnsStart) },
		DNSDone:      func(httptrace.DNSDoneInfo) { note(&p.dnsDone) },
		ConnectStart: func(string, string) { note(&p.connectStart) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				note(&p.connectDone)
			}
		},
		TLSHandshakeStart:    func() { note(&p.tlsStart) },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { note(&p.tlsDone) },
		GotConn:              func(httptrace.GotConnInfo) { note(&p.gotConn) },
		GotFirstResponseByte: func() { note(&p.firstByte) },
	}
}

// durations returns how long each phase took in a request that ended then. A phase that never ended took until the
// end: it is where the time went. One that never began took 0.
func (p *phases) durations(ended time.Time) map[string]time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	between := func(from, to time.Time) time.Duration {
		switch {
		case from.IsZero():
			return 0
		case to.IsZero():
			return ended.Sub(from)
		}
		return to.Sub(from)
	}
	return map[string]time.Duration{
		"resolve":    between(p.dnsStart, p.dnsDone),
		"connect":    between(p.connectStart, p.connectDone),
		"tls":        between(p.tlsStart, p.tlsDone),
		"processing": between(p.gotConn, p.firstByte),
		"transfer":   between(p.firstByte, ended),
	}
}
