package probes

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// icmpProbe sends one echo request.
type icmpProbe struct{ host, ip string }

func newICMPProbe(cfg Config, u *url.URL) attempt {
	p := &icmpProbe{host: u.Hostname(), ip: cfg.IP}
	return p.attempt
}

func (p *icmpProbe) attempt(ctx context.Context, r *report) error {
	began := time.Now()
	addr, err := lookup(ctx, p.host, p.ip)
	resolved := time.Now()
	var e *echo
	if err == nil {
		e, err = newEcho(addr)
		if errors.Is(err, errNotAsked) {
			return err
		}
	}
	ready := time.Now()
	hopLimit := 0
	if err == nil {
		hopLimit, err = e.exchange(ctx)
		e.conn.Close()
	}
	r.add("dns_lookup_time_seconds", resolved.Sub(began).Seconds())
	r.add("icmp_duration_seconds", resolved.Sub(began).Seconds(), "resolve")
	r.add("icmp_duration_seconds", ready.Sub(resolved).Seconds(), "setup")
	r.add("icmp_duration_seconds", time.Since(ready).Seconds(), "rtt")
	if addr.IsValid() {
		r.address(addr.String())
	}
	if hopLimit > 0 {
		r.add("icmp_reply_hop_limit", float64(hopLimit))
	}
	return err
}

// echo is one echo request and the socket it leaves by.
type echo struct {
	conn *icmp.PacketConn
	to   net.Addr
	v4   bool
	// id and data tell our reply from those of others. A datagram socket gets only its own, with an id of the kernel's.
	id       int
	datagram bool
	data     []byte
}

// newEcho opens a datagram socket, which needs no privilege where the kernel's ping_group_range allows it, and else a
// raw one, which needs CAP_NET_RAW.
func newEcho(addr netip.Addr) (*echo, error) {
	e := &echo{v4: addr.Is4(), datagram: true, data: make([]byte, 32)}
	rand.Read(e.data)
	e.id = int(e.data[0])<<8 | int(e.data[1])
	unprivileged, raw, any := "udp6", "ip6:ipv6-icmp", "::"
	if e.v4 {
		unprivileged, raw, any = "udp4", "ip4:icmp", "0.0.0.0"
	}
	var err error
	e.to = &net.UDPAddr{IP: addr.AsSlice(), Zone: addr.Zone()}
	if e.conn, err = icmp.ListenPacket(unprivileged, any); err != nil {
		e.datagram, e.to = false, &net.IPAddr{IP: addr.AsSlice(), Zone: addr.Zone()}
		e.conn, err = icmp.ListenPacket(raw, any)
	}
	switch {
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%w over ICMP: let net.ipv4.ping_group_range include a group of the agent, or give it CAP_NET_RAW", errNotAsked)
	case err != nil:
		return nil, err
	}
	return e, nil
}

// exchange sends the request and returns the hop limit of the reply; 0 when the system does not tell.
func (e *echo) exchange(ctx context.Context) (hopLimit int, err error) {
	stop := context.AfterFunc(ctx, func() { e.conn.SetDeadline(time.Now()) })
	defer stop()
	// Not every system tells; then the hop limit is left out.
	if e.v4 {
		_ = e.conn.IPv4PacketConn().SetControlMessage(ipv4.FlagTTL, true)
	} else {
		_ = e.conn.IPv6PacketConn().SetControlMessage(ipv6.FlagHopLimit, true)
	}
	packet, err := e.request()
	if err != nil {
		return 0, err
	}
	if _, err := e.conn.WriteTo(packet, e.to); err != nil {
		return 0, fmt.Errorf("send: %w", err)
	}
	buf := make([]byte, 1500)
	for {
		n, hops, err := e.read(buf)
		switch {
		case ctx.Err() != nil:
			return 0, errors.New("no reply in time")
		case err != nil:
			return 0, fmt.Errorf("receive: %w", err)
		case e.isReply(buf[:n]):
			return hops, nil
		}
	}
}

func (e *echo) request() ([]byte, error) {
	m := icmp.Message{Type: ipv6.ICMPTypeEchoRequest, Body: &icmp.Echo{ID: e.id, Seq: 1, Data: e.data}}
	if e.v4 {
		m.Type = ipv4.ICMPTypeEcho
	}
	return m.Marshal(nil)
}

func (e *echo) read(buf []byte) (n, hops int, err error) {
	if e.v4 {
		n, cm, _, err := e.conn.IPv4PacketConn().ReadFrom(buf)
		if cm != nil {
			hops = cm.TTL
		}
		return n, hops, err
	}
	n, cm, _, err := e.conn.IPv6PacketConn().ReadFrom(buf)
	if cm != nil {
		hops = cm.HopLimit
	}
	return n, hops, err
}

// isReply tells whether a packet is the reply to our request.
func (e *echo) isReply(packet []byte) bool {
	protocol := ipv6.ICMPTypeEchoReply.Protocol()
	if e.v4 {
		protocol = ipv4.ICMPTypeEchoReply.Protocol()
	}
	m, err := icmp.ParseMessage(protocol, packet)
	if err != nil || m.Type != ipv6.ICMPTypeEchoReply && m.Type != ipv4.ICMPTypeEchoReply {
		return false
	}
	body, ok := m.Body.(*icmp.Echo)
	return ok && bytes.Equal(body.Data, e.data) && (e.datagram || body.ID == e.id)
}
