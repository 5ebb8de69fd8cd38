package rules_test

import (
	"cmp"
	"strings"
	"testing"
	"time"
)

func TestShippedPaymentRules(t *testing.T) {
	t.Parallel()
	// The long cases have samples every 15 s, as a central Prometheus does.
	minutes := func(n int) int { return n * 12 }
	long := func(n int) int { return n * 4 }
	for _, c := range []struct {
		name   string
		series string
		step   time.Duration
		until  time.Duration
		// want is what fires: alert, first firing at the earliest and latest, verdict.
		want map[string]seen
	}{
		{
			name: "all well",
			series: attempts("alipay", "provider_down", [3]int{250, 1, minutes(6)}) +
				attempts("visa", "customer", [3]int{100, 20, minutes(6)}),
			until: 6 * time.Minute,
		},
		{
			// 60 % of WeChat Pay's 50 attempts/s fail from 120 s on, for 2 minutes. The sample at 120 s is the first
			// with failures.
			name: "one provider down",
			series: attempts("alipay", "provider_down", [3]int{250, 1, minutes(10)}) +
				attempts("visa", "customer", [3]int{100, 10, minutes(10)}) +
				attempts("wechatpay", "provider_down", [3]int{250, 0, 24}, [3]int{100, 150, 24}, [3]int{250, 0, minutes(6)}),
			until: 9 * time.Minute,
			want:  map[string]seen{"PaymentProviderDown wechatpay": {first: 120 * time.Second, last: 270 * time.Second, verdict: "provider"}},
		},
		{
			// So hard that nothing is logged any more: nobody may say that it is over.
			name: "one provider down, then no attempt at all",
			series: attempts("alipay", "provider_down", [3]int{250, 1, minutes(10)}) +
				attempts("wechatpay", "provider_down", [3]int{250, 0, 24}, [3]int{100, 150, 24}, [3]int{0, 0, minutes(4)}, [3]int{250, 0, minutes(2)}),
			until: 9 * time.Minute,
			want: map[string]seen{
				"PaymentProviderDown wechatpay": {first: 120 * time.Second, last: 510 * time.Second, verdict: "provider"},
				"PaymentNoTraffic wechatpay":    {first: 315 * time.Second, verdict: "unknown"},
			},
		},
		{
			name: "all providers down",
			series: attempts("alipay", "unknown_outcome", [3]int{250, 0, 24}, [3]int{50, 200, minutes(2)}) +
				attempts("visa", "unknown_outcome", [3]int{100, 0, 24}, [3]int{50, 50, minutes(2)}) +
				attempts("wechatpay", "provider_down", [3]int{250, 0, 24}, [3]int{100, 150, minutes(2)}),
			until: 4 * time.Minute,
			want: map[string]seen{
				"PaymentProviderDown alipay":    {first: 120 * time.Second, verdict: "us"},
				"PaymentProviderDown visa":      {first: 120 * time.Second, verdict: "us"},
				"PaymentProviderDown wechatpay": {first: 120 * time.Second, verdict: "us"},
			},
		},
		{
			name: "our certificate expired at one provider",
			series: attempts("alipay", "provider_down", [3]int{250, 0, minutes(6)}) +
				attempts("wechatpay", "merchant_config", [3]int{50, 0, 24}, [3]int{0, 50, minutes(3)}),
			until: 4 * time.Minute,
			want:  map[string]seen{"PaymentProviderDown wechatpay": {first: 120 * time.Second, verdict: "us"}},
		},
		{
			name:   "only one provider",
			series: attempts("stripe", "provider_down", [3]int{50, 0, 24}, [3]int{0, 50, minutes(3)}),
			until:  4 * time.Minute,
			want:   map[string]seen{"PaymentProviderDown stripe": {first: 120 * time.Second, verdict: "provider"}},
		},
		{
			name: "only one provider, and nobody says why",
			series: "  payment_attempts_total{provider=\"stripe\",outcome=\"approved\"} 0+50x24 1200x40\n" +
				"  payment_attempts_total{provider=\"stripe\",outcome=\"unknown_outcome\"} 0x23 0+50x40\n",
			until: 4 * time.Minute,
			want:  map[string]seen{"PaymentProviderDown stripe": {first: 125 * time.Second, verdict: "unknown"}},
		},
		{
			name: "nobody answers in time",
			series: strings.ReplaceAll(attempts("alipay", "unknown_outcome", [3]int{250, 0, 24}, [3]int{50, 200, minutes(2)})+
				attempts("wechatpay", "unknown_outcome", [3]int{250, 0, 24}, [3]int{100, 150, minutes(2)}), "SYSTEM_ERROR", "timeout"),
			until: 4 * time.Minute,
			want: map[string]seen{
				"PaymentProviderDown alipay":    {first: 120 * time.Second, verdict: "network"},
				"PaymentProviderDown wechatpay": {first: 120 * time.Second, verdict: "network"},
			},
		},
		{
			name: "no connection to one provider",
			series: strings.ReplaceAll(attempts("alipay", "unknown_outcome", [3]int{250, 0, 24}, [3]int{50, 200, minutes(2)}), "SYSTEM_ERROR", "timeout") +
				attempts("visa", "customer", [3]int{100, 10, minutes(5)}) +
				"  probe_success{name=\"alipay\",instance=\"a\"} 1x20 0x60\n  probe_http_status_code{name=\"alipay\",instance=\"a\"} 200x20 0x60\n",
			until: 4 * time.Minute,
			want:  map[string]seen{"PaymentProviderDown alipay": {first: 120 * time.Second, verdict: "network"}},
		},
		{
			// Four attempts in an hour, three of which fail.
			name: "quiet night",
			series: "  payment_attempts_total{provider=\"paypal\",outcome=\"approved\"} _x100 1x300\n" +
				"  payment_attempts_total{provider=\"paypal\",outcome=\"provider_down\"} 0x10 1x3 2x3 3x300\n",
			step:  15 * time.Second,
			until: 30 * time.Minute,
		},
		{
			name: "a slow trickle of failures is no outage",
			series: attempts("alipay", "provider_down", [3]int{250, 5, long(10)}) +
				attempts("visa", "unknown_outcome", [3]int{250, 3, long(10)}),
			step:  15 * time.Second,
			until: 10 * time.Minute,
		},
		{
			name: "customers decline more than usual",
			series: attempts("visa", "provider_down", [3]int{95, 0, long(20)}) +
				"  payment_attempts_total{provider=\"visa\",method=\"qr\",outcome=\"issuer_policy\"} 0+5x39 200+45x40\n",
			step:  15 * time.Second,
			until: 20 * time.Minute,
			want:  map[string]seen{"PaymentSuccessRateLow visa": {first: 675 * time.Second, verdict: "customer"}},
		},
		{
			name: "an expected rate that is low by nature",
			series: attempts("amex", "customer", [3]int{60, 40, long(20)}) +
				attempts("alipay", "customer", [3]int{60, 1, long(20)}),
			step:  15 * time.Second,
			until: 19 * time.Minute,
			// Without history it is below what almost any method has; with it, it is usual.
			want: map[string]seen{"PaymentSuccessRateLow amex": {first: 30 * time.Second, last: 420 * time.Second, verdict: "customer"}},
		},
		{
			name: "time-outs, too few to wake anybody at once",
			series: attempts("unionpay", "unknown_outcome", [3]int{100, 0, long(5)}, [3]int{92, 8, long(5)}) +
				attempts("alipay", "customer", [3]int{60, 1, long(10)}),
			step:  15 * time.Second,
			until: 10 * time.Minute,
			want: map[string]seen{
				"PaymentUnknownOutcome unionpay": {first: 330 * time.Second, verdict: "provider"},
				// When it has cost a hundred payments.
				"PaymentProviderDown unionpay": {first: 555 * time.Second, verdict: "provider"},
			},
		},
		{
			name: "no traffic where there was much",
			series: attempts("alipay", "customer", [3]int{250, 1, long(10)}, [3]int{0, 0, long(5)}) +
				attempts("visa", "customer", [3]int{250, 1, long(15)}),
			step:  15 * time.Second,
			until: 13 * time.Minute,
			want:  map[string]seen{"PaymentNoTraffic alipay": {first: 10*time.Minute + 45*time.Second, verdict: "unknown"}},
		},
		{
			name:   "no traffic at all",
			series: attempts("alipay", "customer", [3]int{250, 1, long(10)}, [3]int{0, 0, long(5)}),
			step:   15 * time.Second,
			until:  13 * time.Minute,
			want:   map[string]seen{"PaymentNoTraffic alipay": {first: 10*time.Minute + 45*time.Second, verdict: "us"}},
		},
		{
			name:   "a little-used method is silent for a while",
			series: "  payment_attempts_total{provider=\"paypal\",outcome=\"approved\"} 0+0.06x120 7.2x70\n",
			step:   15 * time.Second,
			until:  45 * time.Minute,
		},
		{
			name: "slow",
			series: "  payment_attempt_duration_seconds_bucket{provider=\"visa\",operation=\"authorize\",le=\"2\"} 0+60x39 2400x40\n" +
				"  payment_attempt_duration_seconds_bucket{provider=\"visa\",operation=\"authorize\",le=\"10\"} 0+60x39 2400x40\n" +
				"  payment_attempt_duration_seconds_bucket{provider=\"visa\",operation=\"authorize\",le=\"20\"} 0+60x79\n" +
				"  payment_attempt_duration_seconds_bucket{provider=\"visa\",operation=\"authorize\",le=\"+Inf\"} 0+60x79\n" +
				"  payment_attempt_duration_seconds_count{provider=\"visa\",operation=\"authorize\"} 0+60x79\n",
			step:  15 * time.Second,
			until: 14 * time.Minute,
			want:  map[string]seen{"PaymentLatencyHigh visa": {first: 11*time.Minute + 15*time.Second, verdict: "unknown"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			compare(t, runPack(t, "payments", c.series, cmp.Or(c.step, 5*time.Second), c.until), c.want)
		})
	}
}
