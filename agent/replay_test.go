package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// oldDay is when the logs of these tests begin.
var oldDay = time.Date(2024, 2, 29, 23, 57, 30, 0, time.UTC)

// oldAttempts writes a log of payment attempts, two a second from one time to another, as a Node.js gateway would.
func oldAttempts(from, to time.Duration, provider string, failing func(at time.Duration) bool) string {
	var b strings.Builder
	for at := from; at < to; at += time.Second / 2 {
		result := `"status":"success"`
		if failing(at) {
			result = `"status":"failed","error_code":"SYSTEM_ERROR"`
		}
		fmt.Fprintf(&b, `{"time":%q,"level":"info","msg":"payment result","provider":%q,"operation":"authorize","order_id":"%s%d","amount":100,"currency":"CNY",%s}`+"\n",
			oldDay.Add(at).Format("2006-01-02T15:04:05.000Z07:00"), provider, provider, at.Milliseconds(), result)
	}
	return b.String()
}

// oldFolder writes logs with an incident of WeChat Pay from 2m to 3m: an archive, the file after it, and another log.
func oldFolder(t *testing.T) string {
	dir := t.TempDir()
	incident := func(at time.Duration) bool { return at >= 2*time.Minute && at < 3*time.Minute }
	never := func(time.Duration) bool { return false }
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(oldAttempts(0, 150*time.Second, "wechatpay", incident)))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"wallet.log.1.gz": packed.String(),
		"wallet.log":      oldAttempts(150*time.Second, 5*time.Minute, "wechatpay", incident),
		"alipay.log":      oldAttempts(0, 5*time.Minute, "alipay", never),
		// A record with a wrong date must not move the clock, one without a time counts when it comes.
		"odd.log": `{"time":"2024-02-29T23:58:00Z","level":"info","msg":"started"}` + "\n" +
			`{"time":"2038-01-01T00:00:00Z","level":"info","msg":"clock not set"}` + "\n" + `{"level":"info","msg":"no time"}` + "\n" +
			`{"time":"2024-02-29T23:58:01Z","level":"info","msg":"ready"}` + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func runReplayCommand(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := execute(t.Context(), append([]string{"replay"}, args...), &output{&stdout, &stderr}); code != exitOK {
		t.Fatalf("replay %q = %d: %s", args, code, stderr.String())
	}
	return stdout.String()
}

func TestReplayFindsTheIncident(t *testing.T) {
	t.Parallel()
	dir := oldFolder(t)
	text := runReplayCommand(t, "-json", "-rules", "pack:payments", dir)
	var report replayReport
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		t.Fatal(err)
	}
	last := oldDay.Add(5*time.Minute - time.Second/2)
	if report.Files != 4 || report.Records != 1204 || !report.From.Equal(oldDay) || !report.To.Equal(last) || report.Gaps != 0 {
		t.Errorf("report = %+v, want 4 files, 1204 records, from %v to %v", report, oldDay, last)
	}
	episodes := report.Rules[0].Episodes
	if len(episodes) != 1 {
		t.Fatalf("fired: %+v, want PaymentProviderDown once", episodes)
	}
	e := episodes[0]
	began, healed := oldDay.Add(2*time.Minute), oldDay.Add(3*time.Minute)
	if e.Alert != "PaymentProviderDown" || e.Labels["provider"] != "wechatpay" || e.Verdict != "provider" || e.Severity != "critical" {
		t.Errorf("fired: %+v", e)
	}
	if e.Fired.Before(began) || e.Fired.After(began.Add(15*time.Second)) || e.Ended.Before(healed) || e.Ended.After(healed.Add(90*time.Second)) {
		t.Errorf("fired from %v to %v, want soon after %v and %v", e.Fired, e.Ended, began, healed)
	}
	if again := runReplayCommand(t, "-json", "-rules", "pack:payments", dir); again != text {
		t.Errorf("the second report is another:\n%s\n%s", text, again)
	}
}

func TestReplayComparesRules(t *testing.T) {
	t.Parallel()
	dir := oldFolder(t)
	mine := filepath.Join(t.TempDir(), "mine.yml")
	if err := os.WriteFile(mine, []byte(`groups:
  - name: mine
    interval: 5s
    rules:
      - record: total
        expr: sum by (provider) (rate(payment_attempts_total[1m]))
      - {alert: Busy, expr: 'total{provider="alipay"} > 1', labels: {severity: warning}, annotations: {summary: "{{ $labels.provider }} is busy"}}
      - {alert: Wrong, expr: 'total + on () group_left () payment_attempts_total'}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	never := filepath.Join(t.TempDir(), "never.yml")
	if err := os.WriteFile(never, []byte("groups: [{name: never, rules: [{alert: Never, expr: 'payment_attempts_total > 1e9'}]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := runReplayCommand(t, "-rules", mine, "-compare", never, dir)
	for _, want := range []string{
		"1204 records in 4 files, 2024-02-29 23:57:30 to 2024-03-01 00:02:29 UTC",
		"1 records have times more than 1m0s from those around them", "mine.yml: 1 alerts, 24.0 a day", "rule Wrong failed: ", "never.yml: 0 alerts",
		"Busy   warning   1      24.0", "provider=alipay  unknown  Alipay is busy", "goes on", "only " + mine + ": 1 alerts", "only " + never + ": 0 alerts",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("replay printed %q, want %q in it", text, want)
		}
	}
}

// TestReplayFindsAnomalies replays 80 minutes, in the last five of which all payments fail: by then it is known what is usual.
func TestReplayFindsAnomalies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const incident = 75 * time.Minute
	text := oldAttempts(0, 80*time.Minute, "wechatpay", func(at time.Duration) bool { return at >= incident })
	log, rules := filepath.Join(dir, "wallet.log"), filepath.Join(dir, "unusual.yml")
	for file, text := range map[string]string{log: text, rules: `groups:
  - name: unusual
    rules:
      - {alert: Unusual, expr: 'gatewatch_anomaly_value{watch="payment_success"} < 0.5 * gatewatch_anomaly_expected', annotations: {summary: "{{ $labels.provider }}"}}
`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var report replayReport
	if err := json.Unmarshal([]byte(runReplayCommand(t, "-json", "-rules", rules, log)), &report); err != nil {
		t.Fatal(err)
	}
	episodes, began := report.Rules[0].Episodes, oldDay.Add(incident)
	if len(episodes) != 1 || episodes[0].Labels["provider"] != "wechatpay" || episodes[0].Fired.Before(began) || episodes[0].Fired.After(began.Add(5*time.Minute)) {
		t.Errorf("fired: %+v, want Unusual soon after %v", episodes, began)
	}
}

// TestReplayPassesOverGaps holds replays of logs with holes to a bounded time.
func TestReplayPassesOverGaps(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "holes.log")
	var b strings.Builder
	for _, at := range []time.Duration{0, time.Minute, 400 * 24 * time.Hour, 0, 0, 0} {
		fmt.Fprintf(&b, `{"time":%q,"level":"info","msg":"x"}`+"\n", oldDay.Add(400*24*time.Hour+at).Format(time.RFC3339))
	}
	for range 5 {
		fmt.Fprintf(&b, `{"time":%q,"level":"info","msg":"x"}`+"\n", oldDay.Add(430*24*time.Hour).Format(time.RFC3339))
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none.yml")
	if err := os.WriteFile(none, []byte("groups: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := runReplayCommand(t, "-rules", none, file)
	for _, want := range []string{"11 records in 1 files, 2025-04-04 23:57:30 to 2025-05-04 23:57:30 UTC", "1 gaps of more than 1h0m0s"} {
		if !strings.Contains(text, want) {
			t.Errorf("replay printed %q, want %q in it", text, want)
		}
	}
}
