package values

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

// JavaDate compiles the options of %d in a pattern of logback or log4j2: a layout or the name of one, and a time zone. The
// error says which of them is wrong.
func JavaDate(options []string) (*Layout, error) {
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
		return (&Layout{parts: []layoutPart{{kind: stampEpoch}}}).finish(), nil
	case "UNIX_MILLIS":
		return (&Layout{parts: []layoutPart{{kind: stampEpoch, width: 3}}}).finish(), nil
	}
	if known, ok := javaDates[layout]; ok {
		layout = known
	}
	p, err := javaLayout(layout)
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

// javaLayout compiles a layout as java.time and SimpleDateFormat write it.
func javaLayout(layout string) (*Layout, error) {
	p := &Layout{}
	for i := 0; i < len(layout); {
		c := layout[i]
		if c == '\'' {
			end := strings.IndexByte(layout[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("the ' at byte %d of the date is not closed", i+1)
			}
			text := layout[i+1 : i+1+end]
			if end == 0 {
				text = "'"
			}
			p.parts = append(p.parts, layoutPart{kind: stampText, text: text})
			i += end + 2
			continue
		}
		n := 1
		for i+n < len(layout) && layout[i+n] == c {
			n++
		}
		part, ok := javaPart(c, n)
		if c == '@' { // the names that stand for either have it
			part, n = layoutPart{kind: stampSpaceOrT}, 1
		}
		if !ok {
			return nil, fmt.Errorf("the date has %q, which is not supported", layout[i:i+n])
		}
		if part.kind == stampText {
			part.text = layout[i : i+n]
		}
		p.parts = append(p.parts, part)
		i += n
	}
	return p.finish(), nil
}

// javaPart returns what n times the letter c stands for.
func javaPart(c byte, n int) (layoutPart, bool) {
	switch c {
	case 'y', 'u':
		if n == 2 {
			return layoutPart{kind: stampShortYear, width: 2}, true
		}
		return layoutPart{kind: stampYear, width: 4}, true
	case 'M', 'L':
		if n > 2 {
			return layoutPart{kind: stampMonthName}, true
		}
		return layoutPart{kind: stampMonth, width: 2}, true
	case 'd':
		return layoutPart{kind: stampDay, width: 2}, true
	case 'H':
		return layoutPart{kind: stampHour, width: 2}, true
	case 'h':
		return layoutPart{kind: stampHalfDayHour, width: 2}, true
	case 'm':
		return layoutPart{kind: stampMinute, width: 2}, true
	case 's':
		return layoutPart{kind: stampSecond, width: 2}, true
	case 'S', 'n':
		return layoutPart{kind: stampFraction, width: min(n, 9)}, true
	case 'a':
		return layoutPart{kind: stampHalf}, true
	case 'E':
		return layoutPart{kind: stampWord}, true
	case 'z', 'Z', 'X', 'x', 'V', 'O':
		return layoutPart{kind: stampZone}, true
	}
	return layoutPart{kind: stampText}, !isLetter(c)
}
