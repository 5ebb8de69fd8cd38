package probes

import (
	"errors"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
	"gatewatch/internal/secret"
	"gatewatch/internal/servicetest"
)

// banner returns the address of a server whose connections begin with text and then repeat what is said to them, in capitals.
func banner(t *testing.T, text string) string {
	t.Helper()
	return collecttest.Listen(t, func(conn net.Conn) {
		conn.Write([]byte(text))
		said := make([]byte, 100)
		for {
			n, err := conn.Read(said)
			if err != nil {
				return
			}
			conn.Write([]byte(strings.ToUpper(string(said[:n]))))
		}
	})
}

func TestProbeTCP(t *testing.T) {
	t.Parallel()
	addr := banner(t, "220 ready\r\n")
	long := banner(t, strings.Repeat("x", 3*maxTCPReply))
	f := func(t *testing.T, p Config, wantSuccess, wantRegex float64) {
		t.Helper()
		got := probed(t, p)
		if got["probe_success"] != wantSuccess || got["probe_failed_due_to_regex"] != wantRegex {
			t.Errorf("probe %+v: %v, want success %v, regex %v", p, got, wantSuccess, wantRegex)
		}
		if got["probe_ip_protocol"] != 4 || got[`probe_tcp_duration_seconds,phase="connect"`] == 0 {
			t.Errorf("probe %+v: %v, want IPv4 and a connect phase", p, got)
		}
	}
	const answers = model.Duration(time.Minute)
	f(t, Config{URL: "tcp://" + addr, Timeout: answers}, 1, 0)
	f(t, Config{URL: "tcp://" + addr, Match: []string{"^220 "}, Timeout: answers}, 1, 0)
	f(t, Config{URL: "tcp://" + addr, Match: []string{"^220 ", "PING"}, Send: secret.Secret("ping"), Timeout: answers}, 1, 0)
	f(t, Config{URL: "tcp://" + long, Match: []string{"y"}, Timeout: answers}, 0, 1)
	f(t, Config{URL: "tcp://" + collecttest.FreeAddress(t), Timeout: answers}, 0, 0)
	// These wait for more until their time is over.
	const waits = model.Duration(2 * time.Second)
	at(t, "wanted", func(t *testing.T) { f(t, Config{URL: "tcp://" + addr, Match: []string{"^500 "}, Timeout: waits}, 0, 1) })
	at(t, "unwanted", func(t *testing.T) {
		f(t, Config{URL: "tcp://" + addr, NoMatch: []string{"ready"}, Timeout: waits}, 0, 1)
	})
	at(t, "absent", func(t *testing.T) {
		f(t, Config{URL: "tcp://" + addr, NoMatch: []string{"broken"}, Timeout: waits}, 1, 0)
	})
}

func TestProbeTCPWithTLS(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(nil)
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	expiry := float64(srv.Certificate().NotAfter.Unix())
	got := probed(t, Config{URL: "tls://" + u.Host, CAFile: caFile(t, srv.Certificate().Raw), ServerName: "example.com"})
	if got["probe_success"] != 1 || got["probe_ssl_earliest_cert_expiry"] != expiry || got[`probe_tls_version_info,version="TLS 1.3"`] != 1 {
		t.Errorf("probe over TLS: %v, want success, TLS 1.3 and expiry %v", got, expiry)
	}
	got = probed(t, Config{URL: "tls://" + u.Host, CAFile: caFile(t, srv.Certificate().Raw), ServerName: "pay.example"})
	if got["probe_success"] != 0 || got["probe_ssl_earliest_cert_expiry"] != expiry {
		t.Errorf("probe for another name: %v, want no success and expiry %v", got, expiry)
	}
}

// nameServer serves a few names over UDP and TCP, and tells its address.
func nameServer(t *testing.T) string {
	t.Helper()
	records := map[string]string{
		"api.pay.example. A":   "api.pay.example. 60 IN A 192.0.2.7",
		"pay.example. SOA":     "pay.example. 60 IN SOA ns.pay.example. dns.pay.example. 2026112201 1 1 1 1",
		"large.pay.example. A": "large.pay.example. 60 IN A 192.0.2.8",
	}
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, ask *dns.Msg) {
		reply := (&dns.Msg{}).SetReply(ask)
		q := ask.Question[0]
		_, udp := w.RemoteAddr().(*net.UDPAddr)
		text, ok := records[q.Name+" "+dns.TypeToString[q.Qtype]]
		switch {
		case udp && strings.HasPrefix(q.Name, "large."):
			reply.Truncated = true
		case ok:
			record, err := dns.NewRR(text)
			if err != nil {
				t.Error(err)
			}
			reply.Answer = append(reply.Answer, record)
		case strings.HasPrefix(q.Name, "mute."):
			return
		case !strings.HasSuffix(q.Name, "pay.example."):
			reply.Rcode = dns.RcodeNameError
		}
		w.WriteMsg(reply)
	})
	packets, streams := bothKinds(t)
	for _, s := range []*dns.Server{{PacketConn: packets, Handler: handler}, {Listener: streams, Handler: handler}} {
		ready := make(chan bool)
		s.NotifyStartedFunc = func() { close(ready) }
		go s.ActivateAndServe()
		<-ready
		t.Cleanup(func() { s.Shutdown() })
	}
	return packets.LocalAddr().String()
}

// bothKinds listens for UDP and for TCP on one port.
func bothKinds(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		streams, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, streams
		}
		packets.Close() // somebody else has the port for TCP
	}
}

func TestProbeDNS(t *testing.T) {
	t.Parallel()
	server := nameServer(t)
	f := func(t *testing.T, query string, match []string, want map[string]float64) {
		t.Helper()
		timeout := model.Duration(time.Minute)
		if strings.HasPrefix(query, "mute.") {
			timeout = model.Duration(2 * time.Second)
		}
		got := probed(t, Config{URL: "dns://" + server + "/" + query, Match: match, Timeout: timeout})
		for name, value := range want {
			if v, ok := got[name]; !ok || v != value {
				t.Errorf("probe of %s, matching %q: %s is %v (%v), want %v", query, match, name, v, ok, value)
			}
		}
	}
	f(t, "api.pay.example", nil, map[string]float64{"probe_success": 1, "probe_dns_query_succeeded": 1, "probe_dns_answer_rrs": 1, "probe_ip_protocol": 4})
	f(t, "api.pay.example", []string{`192\.0\.2\.`}, map[string]float64{"probe_success": 1, "probe_failed_due_to_regex": 0})
	f(t, "api.pay.example", []string{`198\.51\.100\.`}, map[string]float64{"probe_success": 0, "probe_failed_due_to_regex": 1})
	f(t, "api.pay.example?type=aaaa", nil, map[string]float64{"probe_success": 0, "probe_dns_query_succeeded": 1, "probe_dns_answer_rrs": 0})
	f(t, "pay.example?type=SOA", nil, map[string]float64{"probe_success": 1, "probe_dns_serial": 2026112201})
	f(t, "large.pay.example", nil, map[string]float64{"probe_success": 1, "probe_dns_answer_rrs": 1})
	f(t, "gone.example", nil, map[string]float64{"probe_success": 0, "probe_dns_query_succeeded": 1})
	f(t, "mute.pay.example", nil, map[string]float64{"probe_success": 0, "probe_dns_query_succeeded": 0})
}

func TestProbeICMP(t *testing.T) {
	t.Parallel()
	c := validProbe(t, Config{URL: "icmp://127.0.0.1", Timeout: model.Duration(time.Minute)}, collecttest.Quiet())
	var out collect.Samples
	if err := c.Collect(t.Context(), &out); errors.Is(err, errNotAsked) {
		if !strings.Contains(err.Error(), "ping_group_range") || len(out.Metrics) > 0 {
			t.Errorf("without permission: %v with %d samples, want the way out and none", err, len(out.Metrics))
		}
		servicetest.Missing(t, "the right to send ICMP", err.Error())
	}
	got := samplesByName(t, collecttest.SamplesOf(collecttest.Collect(t, c), "probe_"))
	if got["probe_success"] != 1 || got["probe_ip_protocol"] != 4 || got["probe_icmp_reply_hop_limit"] == 0 || got[`probe_icmp_duration_seconds,phase="rtt"`] == 0 {
		t.Errorf("probe of this host: %v, want success with hop limit and time", got)
	}
}

func TestFamilies(t *testing.T) {
	t.Parallel()
	four := banner(t, "")
	f := func(ip, url string, want float64) {
		t.Helper()
		if got := probed(t, Config{URL: url, IP: ip}); got["probe_success"] != want {
			t.Errorf("probe of %s over %s: %v, want success %v", url, ip, got, want)
		}
	}
	f("any", "tcp://"+four, 1)
	f("ip4", "tcp://"+four, 1)
	f("prefer_ip6", "tcp://"+four, 1)
	f("ip6", "tcp://"+four, 0)
}
