package parse

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// javaDates are the layouts that logback and log4j2 have names for.
var javaDates = map[string]string{
	"":                               "yyyy-MM-dd HH:mm:ss,SSS",
	"DEFAULT":                        "yyyy-MM-dd HH:mm:ss,SSS",
	"DEFAULT_MICROS":                 "yyyy-MM-dd HH:mm:ss,SSSSSS",
	"DEFAULT_NANOS":                  "yyyy-MM-dd HH:mm:ss,SSSSSSSSS",
	"DEFAULT_PERIOD":                 "yyyy-MM-dd HH:mm:ss.SSS",
	"ISO8601":                        "yyyy-MM-dd@HH:mm:ss,SSS",
	"ISO8601_PERIOD":                 "yyyy-MM-dd@HH:mm:ss.SSS",
	"ISO8601_PERIOD_MICROS":          "yyyy-MM-dd@HH:mm:ss.SSSSSS",
	"ISO8601_OFFSET_DATE_TIME_HH":    "yyyy-MM-dd'T'HH:mm:ss,SSSX",
	"ISO8601_OFFSET_DATE_TIME_HHMM":  "yyyy-MM-dd'T'HH:mm:ss,SSSXX",
	"ISO8601_OFFSET_DATE_TIME_HHCMM": "yyyy-MM-dd'T'HH:mm:ss,SSSXXX",
	"ISO8601_BASIC":                  "yyyyMMdd'T'HHmmss,SSS",
	"STRICT":                         "yyyy-MM-dd'T'HH:mm:ss,SSS",
	"ABSOLUTE":                       "HH:mm:ss,SSS",
	"ABSOLUTE_PERIOD":                "HH:mm:ss.SSS",
	"DATE":                           "dd MMM yyyy HH:mm:ss,SSS",
	"DATE_PERIOD":                    "dd MMM yyyy HH:mm:ss.SSS",
	"COMPACT":                        "yyyyMMddHHmmssSSS",
}

// newJavaDate compiles the options of %d: a layout or the name of one, and a time zone.
func newJavaDate(options []string) (*stamp, error) {
	layout, zone := "", ""
	if len(options) > 0 {
		layout = options[0]
	}
	if len(options) > 1 {
		zone = options[1]
	}
	if i := strings.LastIndexByte(layout, ','); i >= 0 && zone == "" && strings.Trim(layout[i+1:], "SXZz") != "" {
		layout, zone = layout[:i], layout[i+1:]
	}
	layout = strings.Trim(strings.TrimSpace(layout), `"`)
	switch layout {
	case "UNIX":
		return (&stamp{parts: []stampPart{{kind: stampEpoch}}}).finish(), nil
	case "UNIX_MILLIS":
		return (&stamp{parts: []stampPart{{kind: stampEpoch, width: 3}}}).finish(), nil
	}
	if known, ok := javaDates[layout]; ok {
		layout = known
	}
	p, err := javaStamp(layout)
	if err != nil || strings.TrimSpace(zone) == "" {
		return p, err
	}
	if p.loc, err = javaZone(strings.TrimSpace(zone)); err != nil {
		return nil, err
	}
	return p.finish(), nil
}

// javaZone returns a time zone by its name: UTC, Asia/Shanghai, GMT+8, +08:00.
func javaZone(name string) (*time.Location, error) {
	if loc, err := time.LoadLocation(name); err == nil && name != "Local" {
		return loc, nil
	}
	offset := strings.TrimPrefix(strings.TrimPrefix(name, "GMT"), "UTC")
	hours, minutes, _ := strings.Cut(offset, ":")
	h, err := strconv.Atoi(hours)
	m, err2 := strconv.Atoi("0" + minutes)
	if err != nil || err2 != nil || h < -18 || h > 18 || offset == "" || offset[0] != '+' && offset[0] != '-' {
		return nil, fmt.Errorf("%q is not a time zone", name)
	}
	if h < 0 || offset[0] == '-' {
		m = -m
	}
	return time.FixedZone(name, h*3600+m*60), nil
}
