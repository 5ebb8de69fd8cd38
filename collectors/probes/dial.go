package probes

import (
	"context"
	"net"
	"net/netip"
)

// ipChoices are the values of ip: in a probe.
func ipChoices() []string { return []string{"any", "ip4", "ip6", "prefer_ip4", "prefer_ip6"} }

// families returns the suffixes of networks ("4", "6", "": both) to try for a value of ip:, in turn.
func families(ip string) []string {
	switch ip {
	case "ip4":
		return []string{"4"}
	case "ip6":
		return []string{"6"}
	case "prefer_ip4":
		return []string{"4", "6"}
	case "prefer_ip6":
		return []string{"6", "4"}
	}
	return []string{""}
}

// dialer connects over the internet protocol that is wanted. Names are asked for as the host's resolver does.
type dialer struct {
	ip string
	net.Dialer
}

// DialContext is like net.Dialer's. Of two protocols the second is tried when the first has no address or fails.
func (d *dialer) DialContext(ctx context.Context, network, address string) (conn net.Conn, err error) {
	for _, family := range families(d.ip) {
		if conn, err = d.Dialer.DialContext(ctx, network+family, address); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// lookup returns an address of host of the internet protocol that is wanted.
func lookup(ctx context.Context, host, ip string) (addr netip.Addr, err error) {
	for _, family := range families(ip) {
		var all []netip.Addr
		all, err = net.DefaultResolver.LookupNetIP(ctx, "ip"+family, host)
		if err == nil && len(all) > 0 {
			return all[0].Unmap(), nil
		}
	}
	return addr, err
}
