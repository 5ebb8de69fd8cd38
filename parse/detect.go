package parse

import (
	"bytes"
	"slices"

	"gatewatch/event"
)

// detectors say which lines fit which format. Of two formats that fit equally well the first one wins.
var detectors = []struct {
	format string
	fits   func(line []byte) bool
	// joins tells that lines which do not fit continue the record before them.
	joins bool
}{
	{"journald", fitsJournald, true},
	{"mongodb", fitsMongoDB, false},
	{"redis", new(redis).Starts, true},
	{"audit", fitsAudit, false},
	{"postgres", fitsPostgres, true},
	{"json", fitsJSON, false},
	{"nginx-error", new(nginxError).Starts, true},
	{"apache-error", new(apacheError).Starts, true},
	{"killbill", new(killBill).Starts, true},
	{"jtl", fitsJTL, true},
	{"zap", fitsZap, true},
	{"golog", fitsGoLog, true},
	{"nginx", fitsNginx, false},
	{"apache", fitsTLSRequest, false},
	{"haproxy", fitsHAProxy, false},
	{"mysql-slow", fitsMySQLSlow, true},
	{"mysql-error", func(line []byte) bool { return (&mysqlError{}).Starts(line) }, true},
	{"logfmt", fitsLogfmt, true},
	{"logback", func(line []byte) bool { return (&logback{}).Starts(line) }, true},
	{"syslog", func(line []byte) bool { return (&syslog{}).Starts(line) }, true},
}

// Detect returns the format that the first lines of a file have, or "text" when none fits. Lines before the
// first one that fits do not count against a format, because programs print banners before they log, as long as one line
// in ten fits.
func Detect(lines [][]byte) string {
	best, format := 0, "text"
	for _, c := range detectors {
		all, fit, after := 0, 0, 0
		for _, line := range lines {
			if len(bytes.TrimSpace(trimBOM(line))) == 0 {
				continue
			}
			all++
			switch {
			case c.fits(line):
				fit++
			case fit > 0:
				after++
			}
		}
		score := 2 * fit
		if c.joins {
			score += after
		}
		if fit*10 >= all && score >= fit+after && score > best {
			best, format = score, c.format
		}
	}
	if format == "nginx" && slices.ContainsFunc(lines, hasApache) {
		return "apache"
	}
	return format
}

func fitsJSON(line []byte) bool {
	var p jsonLines
	return p.read(&event.Event{Raw: line})
}

func fitsNginx(line []byte) bool {
	var p nginx
	return p.line(bytes.TrimRight(trimBOM(line), "\r\n")) == ""
}
