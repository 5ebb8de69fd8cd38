package probes

import (
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"

	"gatewatch/collectors/collect"
)

// phases notes when the parts of one request began and ended. Go tries several addresses at once, so its hooks come from
// several goroutines, some of them after the request is over.
type phases struct {
	mu                                           sync.Mutex
	dnsStart, dnsDone, connectStart, connectDone time.Time
	tlsStart, tlsDone, gotConn, firstByte        time.Time
	// remote is the address that was connected to, or the first one tried.
	remote string
}

// trace returns the hooks that fill p.
func (p *phases) trace() *httptrace.ClientTrace {
	note := func(at *time.Time) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.note(at)
	}
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { note(&p.dnsStart) },
		DNSDone:  func(httptrace.DNSDoneInfo) { note(&p.dnsDone) },
		ConnectStart: func(_, address string) {
			p.mu.Lock()
			defer p.mu.Unlock()
			collect.SetDefault(&p.remote, address)
			p.note(&p.connectStart)
		},
		ConnectDone: func(_, address string, err error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if err == nil && p.connectDone.IsZero() {
				p.remote = address
				p.note(&p.connectDone)
			}
		},
		TLSHandshakeStart:    func() { note(&p.tlsStart) },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { note(&p.tlsDone) },
		GotConn:              func(httptrace.GotConnInfo) { note(&p.gotConn) },
		GotFirstResponseByte: func() { note(&p.firstByte) },
	}
}

// note sets the time, unless it is set: later ones belong to attempts at other addresses. p.mu is held.
func (p *phases) note(at *time.Time) {
	if at.IsZero() {
		*at = time.Now()
	}
}

// took returns how long a phase took in a request that ended then. A phase that never ended took until the end: it is
// where the time went. One that never began took 0.
func took(from, to, ended time.Time) time.Duration {
	switch {
	case from.IsZero():
		return 0
	case to.IsZero():
		return ended.Sub(from)
	}
	return to.Sub(from)
}

// address returns the address that was connected to, or was to be; "" when it did not come to that.
func (p *phases) address() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.remote
}

// durations returns how long each phase took in an HTTP request that ended then.
func (p *phases) durations(ended time.Time) map[string]time.Duration {
	all := p.connecting(ended)
	p.mu.Lock()
	defer p.mu.Unlock()
	all["processing"] = took(p.gotConn, p.firstByte, ended)
	all["transfer"] = took(p.firstByte, ended, ended)
	return all
}

// connecting returns how long each phase took until there was a connection.
func (p *phases) connecting(ended time.Time) map[string]time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return map[string]time.Duration{
		"resolve": took(p.dnsStart, p.dnsDone, ended),
		"connect": took(p.connectStart, p.connectDone, ended),
		"tls":     took(p.tlsStart, p.tlsDone, ended),
	}
}

// sinceConnected returns how long it took from there being a connection until now; 0 when there never was one.
func (p *phases) sinceConnected(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return took(p.connectDone, now, now)
}
