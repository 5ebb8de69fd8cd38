package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// shopLog writes the log of a shop for half an hour: five payments a second of as many customers, one in twelve declined.
type shopLog struct {
	text strings.Builder
	n    int
}

func (l *shopLog) pay(at time.Duration, code, card, ip string, amount int) {
	l.n++
	result := `"status":"succeeded"`
	if code != "" {
		result = fmt.Sprintf(`"status":"failed","decline_code":%q`, code)
	}
	fmt.Fprintf(&l.text, `{"time":%q,"level":"info","msg":"payment result","provider":"stripe","merchant_id":"acme","operation":"authorize",`+
		`"order_id":"order-%06d","card":%q,"client_ip":%q,"amount":%d,"currency":"USD",%s}`+"\n",
		oldDay.Add(at).Format("2006-01-02T15:04:05.000Z07:00"), l.n, card, ip, amount, result)
}

func (l *shopLog) customers(at time.Duration, n int) {
	for range n {
		code := ""
		if l.n%12 == 0 {
			code = []string{"insufficient_funds", "generic_decline", "incorrect_cvc", "insufficient_funds"}[l.n/12%4]
		}
		l.pay(at, code, fmt.Sprintf("%d******%04d", 400000+l.n%97, l.n%10000), fmt.Sprintf("198.51.%d.%d", l.n/250%250, l.n%250), 2500)
	}
}

// TestReplayFindsFraud plays what looks like fraud, and what does not, from lines of a log to alerts.
func TestReplayFindsFraud(t *testing.T) {
	t.Parallel()
	const begins = 25 * time.Minute
	for _, c := range []struct {
		name string
		play func(l *shopLog, second int, at time.Duration)
		want []string
	}{
		{"stolen cards", func(l *shopLog, second int, at time.Duration) {
			code := []string{"incorrect_cvc", "generic_decline", "incorrect_cvc", "do_not_honor"}[second%4]
			l.pay(at, code, fmt.Sprintf("%d******%04d", 450000+second*7, second), "203.0.113.66", 100)
		}, []string{"PaymentCardTesting"}},
		{"one code of which there was none", func(l *shopLog, second int, at time.Duration) {
			if second%2 == 0 {
				l.pay(at, "card_not_supported", fmt.Sprintf("412345******%04d", l.n%10000), fmt.Sprintf("198.18.0.%d", second%250), 2500)
			}
		}, []string{"PaymentCodeJump"}},
		{"a promotion", func(l *shopLog, _ int, at time.Duration) { l.customers(at, 45) }, nil},
		{"one customer who tries again and again", func(l *shopLog, second int, at time.Duration) {
			if second%5 == 0 {
				l.pay(at, "incorrect_cvc", "453211******1111", "203.0.113.66", 100)
			}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var log shopLog
			for second := range 28 * 60 {
				at := time.Duration(second) * time.Second
				log.customers(at, 5)
				if at >= begins {
					c.play(&log, second, at)
				}
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "shop.log"), []byte(log.text.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			var report replayReport
			if err := json.Unmarshal([]byte(runReplayCommand(t, "-json", "-rules", "pack:fraud", dir)), &report); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range report.Rules[0].Episodes {
				got = append(got, e.Alert)
				if wait := e.Fired.Sub(oldDay.Add(begins)); wait < 0 || wait > 2*time.Minute {
					t.Errorf("%s fired %v after the beginning, want within two minutes", e.Alert, wait)
				}
			}
			slices.Sort(got)
			if got = slices.Compact(got); !slices.Equal(got, c.want) {
				t.Errorf("alerts %q, want %q", got, c.want)
			}
		})
	}
}
