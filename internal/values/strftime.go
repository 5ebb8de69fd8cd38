package values

import (
	"fmt"
	"strings"
)

// Strftime compiles a layout as strftime writes it, with Apache's own words for times since 1970. The error says what is not
// supported.
func Strftime(layout string) (*Layout, error) {
	p := &Layout{}
	layout = strings.TrimPrefix(strings.TrimPrefix(layout, "begin:"), "end:")
	if parts, ok := apacheLayouts[layout]; ok {
		p.parts = parts
		return p.finish(), nil
	}
	layout = strftimeShort.Replace(layout)
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' {
			p.parts = append(p.parts, layoutPart{kind: stampText, text: layout[i : i+1]})
			continue
		}
		if i++; i == len(layout) {
			return nil, fmt.Errorf("the time ends in %%")
		}
		part, ok := strftimeParts[layout[i]]
		if !ok {
			return nil, fmt.Errorf("the time has %%%c, which is not supported", layout[i])
		}
		p.parts = append(p.parts, part)
	}
	return p.finish(), nil
}

var (
	apacheLayouts = map[string][]layoutPart{
		"": {
			{stampDay, "", 2}, {stampText, "/", 0}, {stampMonthName, "", 0}, {stampText, "/", 0}, {stampYear, "", 4},
			{stampText, ":", 0}, {stampHour, "", 2}, {stampText, ":", 0}, {stampMinute, "", 2}, {stampText, ":", 0},
			{stampSecond, "", 2}, {stampText, " ", 0}, {stampZone, "", 0},
		},
		"sec": {{stampEpoch, "", 0}}, "msec": {{stampEpoch, "", 3}}, "usec": {{stampEpoch, "", 6}},
		"msec_frac": {{stampFraction, "", 3}}, "usec_frac": {{stampFraction, "", 6}},
	}
	strftimeShort = strings.NewReplacer("%T", "%H:%M:%S", "%F", "%Y-%m-%d", "%R", "%H:%M", "%D", "%m/%d/%y", "%c",
		"%a %b %e %H:%M:%S %Y", "%r", "%I:%M:%S %p")
	strftimeParts = map[byte]layoutPart{
		'Y': {stampYear, "", 4}, 'y': {stampShortYear, "", 2}, 'm': {stampMonth, "", 2}, 'b': {stampMonthName, "", 0},
		'B': {stampMonthName, "", 0}, 'h': {stampMonthName, "", 0}, 'd': {stampDay, "", 2}, 'e': {stampDay, "", 2},
		'H': {stampHour, "", 2}, 'k': {stampHour, "", 2}, 'I': {stampHalfDayHour, "", 2}, 'M': {stampMinute, "", 2},
		'S': {stampSecond, "", 2}, 'p': {stampHalf, "", 0}, 'z': {stampZone, "", 0}, 'Z': {stampZone, "", 0},
		'a': {stampWord, "", 0}, 'A': {stampWord, "", 0}, 's': {stampEpoch, "", 0}, '%': {stampText, "%", 0},
		'N': {stampFraction, "", 0}, 'f': {stampFraction, "", 0}, 'L': {stampFraction, "", 3},
	}
)
