package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/miekg/dns"

	"gatewatch/collectors/collect"
)

// resolverFile names the system's DNS servers.
const resolverFile = "/etc/resolv.conf"

// dnsProbe asks one DNS server for one name.
type dnsProbe struct {
	server string // host:port; "": the system's first
	query  dns.Question
	// content is what the records have to hold, as text with one a line.
	content content
	dialer  dialer
}

func newDNSProbe(cfg Config, u *url.URL, content content) attempt {
	p := &dnsProbe{content: content, dialer: dialer{ip: cfg.IP}, query: dns.Question{
		Name: dns.Fqdn(strings.Trim(u.Path, "/")), Qtype: dns.StringToType[dnsType(u)], Qclass: dns.ClassINET,
	}}
	if u.Hostname() != "" {
		port := u.Port()
		collect.SetDefault(&port, "53")
		p.server = net.JoinHostPort(u.Hostname(), port)
	}
	return p.attempt
}

// dnsType returns the type of record that a dns:// URL asks for.
func dnsType(u *url.URL) string {
	kind := strings.ToUpper(u.Query().Get("type"))
	collect.SetDefault(&kind, "A")
	return kind
}

func (p *dnsProbe) attempt(ctx context.Context, r *report) error {
	server := p.server
	if server == "" {
		system, err := dns.ClientConfigFromFile(resolverFile)
		if err != nil || len(system.Servers) == 0 {
			return fmt.Errorf("%w: %s names no DNS server, so name one in url: dns://server/name", errNotAsked, resolverFile)
		}
		server = net.JoinHostPort(system.Servers[0], system.Port)
	}
	ph := &phases{}
	traced := httptrace.WithClientTrace(ctx, ph.trace())
	reply, err := p.exchange(traced, "udp", server)
	if err == nil && reply.Truncated {
		reply, err = p.exchange(traced, "tcp", server)
	}
	all := ph.connecting(time.Now())
	r.add("dns_lookup_time_seconds", all["resolve"].Seconds())
	r.add("dns_duration_seconds", all["resolve"].Seconds(), "resolve")
	r.add("dns_duration_seconds", all["connect"].Seconds(), "connect")
	r.add("dns_duration_seconds", ph.sinceConnected(time.Now()).Seconds(), "request")
	r.address(ph.address())
	r.add("dns_query_succeeded", collect.Bool(err == nil))
	if reply == nil {
		reply = &dns.Msg{}
	}
	r.records(reply)
	if err == nil {
		err = p.judge(reply)
	}
	r.add("failed_due_to_regex", collect.Bool(errors.Is(err, errRegex)))
	return err
}

// records notes how many records of each kind a reply has.
func (r *report) records(reply *dns.Msg) {
	r.add("dns_answer_rrs", float64(len(reply.Answer)))
	r.add("dns_authority_rrs", float64(len(reply.Ns)))
	r.add("dns_additional_rrs", float64(len(reply.Extra)))
	for _, record := range reply.Answer {
		if soa, ok := record.(*dns.SOA); ok {
			r.add("dns_serial", float64(soa.Serial))
			return
		}
	}
}

func (p *dnsProbe) exchange(ctx context.Context, network, server string) (*dns.Msg, error) {
	raw, err := p.dialer.DialContext(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Now()) })
	defer stop()
	client := &dns.Client{Net: network}
	if deadline, ok := ctx.Deadline(); ok {
		client.Timeout = time.Until(deadline)
	}
	ask := &dns.Msg{MsgHdr: dns.MsgHdr{Id: dns.Id(), RecursionDesired: true}, Question: []dns.Question{p.query}}
	reply, _, err := client.ExchangeWithConnContext(ctx, ask, &dns.Conn{Conn: raw})
	return reply, err
}

// judge tells whether a reply answers the question.
func (p *dnsProbe) judge(reply *dns.Msg) error {
	name, kind := p.query.Name, dns.TypeToString[p.query.Qtype]
	switch {
	case reply.Rcode != dns.RcodeSuccess:
		return fmt.Errorf("%s for %s %s", dns.RcodeToString[reply.Rcode], kind, name)
	case len(reply.Answer) == 0:
		return fmt.Errorf("no %s record for %s", kind, name)
	}
	var text strings.Builder
	for _, record := range reply.Answer {
		fmt.Fprintln(&text, record)
	}
	return p.content.matches([]byte(text.String()))
}
