package redact

import (
	"fmt"
	"strings"
	"testing"
)

// breaks are what may stand in the place of a separator where a line ends.
var breaks = []string{
	"\n", "\r\n", "\n  ", "\n    ", "\n\t", "\n\t\t", "\n            ", "\n\tat ", "\n    at ", "\n    | ", "\n> ", "\n\t... ",
	`\n`, `\r\n`, `\n  `, `\n        `, `\n\t`, `\n\tat `, `\\n  `,
}

// TestWrappedCards breaks the line of every test card at each boundary of its groups.
func TestWrappedCards(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	f := func(place, text, want string) {
		t.Helper()
		if got := redact(t, r, fmt.Sprintf(place, text)); got != fmt.Sprintf(place, want) {
			t.Errorf("Redact(%q) = %q, want %q", fmt.Sprintf(place, text), got, fmt.Sprintf(place, want))
		}
	}
	for _, card := range testCards {
		whole, masked := groups(card), strings.Split(maskGroups(card, " "), " ")
		if len(whole) < 3 {
			continue
		}
		for at := 1; at < len(whole); at++ {
			for _, end := range breaks {
				for _, sep := range []string{" ", "-", "%20"} {
					join := func(g []string) string { return strings.Join(g[:at], sep) + end + strings.Join(g[at:], sep) }
					places := []string{
						"2026-11-22 08:00:00.123 ERROR [main] [c.j.Pay] - charge of card %s failed\n\tat com.pay.A.b(A.java:1)",
						"card:\n%s", "card\n  %s\n", strings.Repeat("x", 55) + " card %s",
					}
					if strings.HasPrefix(end, `\n`) || strings.HasPrefix(end, `\r`) {
						places = append(places, `{"level":"info","msg":"card %s, ok"}`)
					}
					for _, place := range places {
						f(place, join(whole), join(masked))
					}
				}
			}
		}
	}
	// Without a word beside it, and at every offset in a block.
	for n := range 140 {
		f(strings.Repeat("x", n)+" %s,", "4242\n        4242 4242 4242", "4242\n        42** **** 4242")
		f(strings.Repeat("x", n)+" %s,", "3782\r\n\t\t\t\t822463 10005", "3782\r\n\t\t\t\t82**** *0005")
	}
	f("%s", "a 4242\n4242 4242 4242\nb 5555\n   5555 5555 4444", "a 4242\n42** **** 4242\nb 5555\n   55** **** 4444")
}

// TestWrappedTraps has numbers at the ends and beginnings of lines that are no cards.
func TestWrappedTraps(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	for _, text := range []string{
		"4242\n4242\n4242\n4242",                              // a column
		"1000 4242\n4242 4242 4242",                           // a table
		"4242\n4242 4242 4242 1000",                           // a table
		"4242 4242 4242\n4242 4242 4242",                      // a table
		"ids 4242\n4242 4242 4242 1000\n",                     // a word in another line, too far to speak of it
		"port 4242\n\n4242 4242 4242",                         // an empty line between
		"port 4242\n4242 4242 4243",                           // no check digit
		"port 14242\n4242 4242 4242",                          // five digits
		"took 4242ms\n4242 4242 4242",                         // letters between
		"4242\nerror 4242 4242 4242",                          // a word between
		"4242\n" + strings.Repeat(" ", 40) + "4242 4242 4242", // further than an indentation
		`{"m":"4242\n4242\n4242\n4242"}`,
		`C:\n4242\x4242`, `4242\`, `4242\n`, "4242\r", "4242\n",
	} {
		if got := redact(t, r, text); got != text {
			t.Errorf("Redact(%q) = %q, want no change", text, got)
		}
	}
}
