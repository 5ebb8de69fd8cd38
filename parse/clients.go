package parse

import (
	"bytes"
	"net/netip"

	"gatewatch/event"
	"gatewatch/internal/values"
)

// maxClients is how many addresses before the user of an access log are looked at.
const maxClients = 32

var (
	clientList    = event.Field{Name: []byte("nginx.access.remote_ip_list"), ECS: true, Kind: event.Array}
	destinationIP = event.Field{Name: []byte("destination.ip"), ECS: true}
)

// manyClients returns what stands before the user of an access log and the user, when it is not one address: the
// addresses that proxies passed on, in quotes or not, and before them the host that was asked.
//
//	pay.example:443 "10.0.0.2, 198.51.100.7" 10.0.0.1 - - [22/Nov/2026:08:00:00 +0000] "GET / …
func manyClients(line, identity []byte) (clients, user []byte, ok bool) {
	if string(identity) == "-" {
		return nil, nil, false
	}
	head, _, _ := bytes.Cut(line, []byte(" ["))
	clients, user, ok = bytes.Cut(head, []byte(" - "))
	return clients, user, ok && bytes.IndexByte(clients, ' ') > 0
}

// clients adds the host that was asked and the client: the first address that is none of a private network, or the first.
func (p *nginx) clients(s []byte) {
	first, rest, _ := bytes.Cut(s, []byte{' '})
	if c := first[len(first)-1]; first[0] != '"' && c != ',' {
		p.host(first)
		s = rest
	}
	p.list = append(p.list[:0], '[')
	var client []byte
	public, count := false, 0
	for part := range bytes.FieldsFuncSeq(s, func(c rune) bool { return c == ' ' || c == ',' || c == '"' }) {
		if count++; count > maxClients || !isClient(part) {
			continue
		}
		if len(p.list) > 1 {
			p.list = append(p.list, ',')
		}
		p.list = append(append(append(p.list, '"'), part...), '"')
		if outside := isPublic(part); client == nil || outside && !public {
			client, public = part, outside
		}
	}
	p.client(client)
	if count > 1 {
		p.plain = false
		p.fields = append(p.fields, withValue(clientList, append(p.list, ']')))
	}
}

// host adds the host that was asked: a name or an address, and perhaps a port.
func (p *nginx) host(s []byte) {
	name := s
	i := bytes.LastIndexByte(s, ':')
	if i > 0 && numberKind(s[i+1:]) == event.Number && !values.IsAddress(s) {
		name = s[:i]
		p.fields = append(p.fields, withValue(hostPort, s[i+1:]))
	}
	p.fields = append(p.fields, withValue(hostName(name), name))
}

// hostName returns the field of a host that was asked.
func hostName(s []byte) event.Field {
	if values.IsAddress(s) {
		return destinationIP
	}
	return hostDomain
}

// isClient tells whether s can be an address or the name of a host.
func isClient(s []byte) bool {
	for _, c := range s {
		if !isLetter(c) && !isDigit(c) && c != '.' && c != '-' && c != '_' && c != ':' {
			return false
		}
	}
	return true
}

func isPublic(s []byte) bool {
	a, err := netip.ParseAddr(string(s))
	return err == nil && a.IsGlobalUnicast() && !a.IsPrivate()
}
