package probes

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptrace"
	"net/url"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
)

// maxTCPReply is how much of a reply is waited for.
const maxTCPReply = 64 << 10

// tcpProbe connects to one address, with TLS when tls is there, and reads what comes when something is expected.
type tcpProbe struct {
	address, send string
	content       content
	dialer        dialer
	tls           *tls.Config
}

func newTCPProbe(cfg Config, u *url.URL, content content) (attempt, error) {
	p := &tcpProbe{address: u.Host, send: cfg.Send.Reveal(), content: content, dialer: dialer{ip: cfg.IP}}
	if u.Scheme == "tls" {
		secure, err := fetch.ClientTLS(cfg.CAFile, cfg.CertFile, cfg.KeyFile, cfg.ServerName)
		if err != nil {
			return nil, err
		}
		collect.SetDefault(&secure.ServerName, u.Hostname())
		p.tls = secure
	}
	return p.attempt, nil
}

func (p *tcpProbe) attempt(ctx context.Context, r *report) error {
	ph := &phases{}
	conn, err := p.connect(ctx, r, ph)
	connected := time.Now()
	if err == nil {
		err = p.converse(ctx, conn)
		conn.Close()
	}
	all := ph.connecting(connected)
	all["processing"] = time.Since(connected)
	for phase, took := range all {
		r.add("tcp_duration_seconds", took.Seconds(), phase)
	}
	r.add("dns_lookup_time_seconds", all["resolve"].Seconds())
	r.address(ph.address())
	r.add("failed_due_to_regex", collect.Bool(errors.Is(err, errRegex)))
	return err
}

// connect connects and shakes hands.
func (p *tcpProbe) connect(ctx context.Context, r *report, ph *phases) (net.Conn, error) {
	trace := ph.trace()
	conn, err := p.dialer.DialContext(httptrace.WithClientTrace(ctx, trace), "tcp", p.address)
	if err != nil || p.tls == nil {
		return conn, err
	}
	secure := tls.Client(conn, p.tls)
	trace.TLSHandshakeStart()
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		r.refusedTLS(err)
		return nil, fmt.Errorf("TLS: %w", err)
	}
	state := secure.ConnectionState()
	trace.TLSHandshakeDone(state, nil)
	r.tls(&state)
	return secure, nil
}

// converse sends what is to be sent, and reads until the reply is as expected.
func (p *tcpProbe) converse(ctx context.Context, conn net.Conn) error {
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	defer stop()
	if _, err := io.WriteString(conn, p.send); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if !p.content.asked() {
		return nil
	}
	reply := make([]byte, 0, 4<<10)
	for {
		n, err := conn.Read(reply[len(reply):cap(reply)])
		reply = reply[:len(reply)+n]
		wrong := p.content.matches(reply)
		switch {
		case wrong == nil && len(p.content.match) > 0:
			return nil
		case errors.Is(err, io.EOF):
			return wrong
		case err != nil && wrong != nil:
			return fmt.Errorf("%w (%w)", wrong, err)
		case err != nil || len(reply) >= maxTCPReply:
			return wrong // nothing bad came for as long as was waited
		case len(reply) == cap(reply):
			reply = append(reply, 0)[:len(reply)]
		}
	}
}
