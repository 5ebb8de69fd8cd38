package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"gatewatch/collectors/collect"
)

// netstatFields are the kernel's network counters that dashboards use, of some 300.
var netstatFields = regexp.MustCompile(`^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|` +
	`Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|` +
	`Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab|MaxConn)|` +
	`Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$`)

// collectNetstat gives counters of the protocols; retransmitted segments tell of a bad way to a provider.
func collectNetstat(h Config) collect.Collector {
	var all collect.Metrics
	all.Untyped("node_netstat_*", "Counters of the protocols that dashboards use, of /proc/net/netstat, snmp and snmp6.")
	files := []struct {
		name  string
		parse func(text string) map[string]float64
	}{
		{"net/netstat", parseNetstat},
		{"net/snmp", parseNetstat},
		{"net/snmp6", parseSNMP6},
	}
	return collect.Collector{Name: "netstat", Metrics: all, Collect: func(_ context.Context, out *collect.Samples) error {
		for _, file := range files {
			text, err := os.ReadFile(filepath.Join(h.Proc, file.name))
			if errors.Is(err, fs.ErrNotExist) && file.name == "net/snmp6" {
				continue // no IPv6
			}
			if err != nil {
				return err
			}
			for name, value := range file.parse(string(text)) {
				if netstatFields.MatchString(name) {
					out.Add(collect.Untyped("node_netstat_"+name, "Statistic "+name+"."), value)
				}
			}
		}
		return nil
	}}
}

// parseNetstat reads pairs of lines "Tcp: ActiveOpens …" and "Tcp: 12 …" into Tcp_ActiveOpens.
func parseNetstat(text string) map[string]float64 {
	found := map[string]float64{}
	var names []string
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(names) == 0 || names[0] != f[0] {
			names = f
			continue
		}
		for i := 1; i < len(f) && i < len(names); i++ {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				found[strings.TrimSuffix(f[0], ":")+"_"+names[i]] = v
			}
		}
		names = nil
	}
	return found
}

// parseSNMP6 reads lines "Udp6InDatagrams 12" into Udp6_InDatagrams.
func parseSNMP6(text string) map[string]float64 {
	found := map[string]float64{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 2 {
			continue
		}
		protocol, field, ok := strings.Cut(f[0], "6")
		if v, err := strconv.ParseFloat(f[1], 64); ok && err == nil {
			found[protocol+"6_"+field] = v
		}
	}
	return found
}
