package logmetrics

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/event"
	"gatewatch/parse"
)

// countSystemLog counts lines as the pipeline hands them over, the n-th one so many seconds after the one before.
func countSystemLog(t *testing.T, m *Metrics, text string, apart time.Duration) {
	t.Helper()
	countLog(t, m, "syslog", text, apart)
}

func countLog(t *testing.T, m *Metrics, format, text string, apart time.Duration) {
	t.Helper()
	parser, err := parse.New(format)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for line := range bytes.Lines([]byte(text)) {
		ev := event.Event{Source: &event.Source{Dataset: parser.Dataset()}, Raw: bytes.TrimSpace(line), Time: at}
		parser.Parse(&ev)
		if ev.Malformed != "" {
			t.Fatalf("%s: %s", line, ev.Malformed)
		}
		for _, f := range ev.Fields {
			if f.Key != event.None {
				ev.SetFact(f.Key, f.Value)
			}
		}
		m.Observe(&ev)
		at = at.Add(apart)
	}
}

// TestLoginsOfSSH counts what OpenSSH 9.2 wrote (but for addresses and the header) when somebody logged in with a key, then
// with a wrong key, with wrong passwords, as somebody who is not there, and as such a one with a key.
func TestLoginsOfSSH(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/sshd.log")
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewPedanticRegistry()
	countSystemLog(t, New(reg, Limits{}), string(text), time.Second)
	expectSamples(t, reg, "posture_logins_total", `{kind="key",service="sshd"} 1`)
	expectSamples(t, reg, "posture_login_failures_total", `{kind="password",service="sshd"} 2
{kind="refused",service="sshd"} 1
{kind="unknown_user",service="sshd"} 2`)
}

func TestLogins(t *testing.T) {
	t.Parallel()
	f := func(t *testing.T, message, failures, successes string) {
		t.Helper()
		reg := prometheus.NewPedanticRegistry()
		countSystemLog(t, New(reg, Limits{}), "Nov 22 08:00:04 pay-1 "+message+"\n", 0)
		expectSamples(t, reg, "posture_login_failures_total", failures)
		expectSamples(t, reg, "posture_logins_total", successes)
	}
	f(t, "sshd[5]: message repeated 2 times: [ Failed password for root from 203.0.113.9 port 29160 ssh2]", `{kind="password",service="sshd"} 2`, "")
	f(t, "sshd[5]: error: PAM: Authentication failure for root from 198.51.100.7", `{kind="password",service="sshd"} 1`, "")
	f(t, "sshd[5]: Failed keyboard-interactive/pam for root from 198.51.100.7 port 40110 ssh2", "", "")
	f(t, "sshd[5]: Failed none for invalid user x from 198.51.100.7 port 40110 ssh2", "", "")
	f(t, "sshd[5]: Failed publickey for root from 198.51.100.7 port 40110 ssh2: RSA SHA256:x", `{kind="key",service="sshd"} 1`, "")
	f(t, "sshd[5]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root", "", "")
	f(t, "sshd-session[5]: Accepted keyboard-interactive/pam for ops from 198.51.100.7 port 40110 ssh2", "", `{kind="password",service="sshd"} 1`)
	f(t, "sshd(pam_google_authenticator)[5]: Invalid verification code for ops", `{kind="mfa",service="sshd"} 1`, "")
	f(t, "sshd(pam_google_authenticator)[5]: Accepted google_authenticator for ops", "", `{kind="mfa",service="sshd"} 1`)
	f(t, "sshd[5]: pam_oath(sshd:auth): One-time password not authorized to login as user 'ops'", `{kind="mfa",service="sshd"} 1`, "")
	f(t, "sudo:    alice : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/sh", `{kind="password",service="sudo"} 3`, "")
	f(t, "sudo:      tsg : user NOT in sudoers ; TTY=pts/1 ; PWD=/home/vagrant ; USER=root ; COMMAND=/bin/cat /etc/shadow", `{kind="refused",service="sudo"} 1`, "")
	f(t, "sudo:  alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls", "", `{kind="other",service="sudo"} 1`)
	f(t, "sudo: pam_unix(sudo:auth): authentication failure; logname=jsmith uid=1001 euid=0 tty=/dev/pts/0 ruser=jsmith rhost=  user=jsmith", "", "")
	f(t, "su[9201]: FAILED SU (to root) mallory on pts/2", `{kind="password",service="su"} 1`, "")
	f(t, "su[9200]: (to root) alice on pts/0", "", `{kind="password",service="su"} 1`)
	f(t, "login[9]: pam_unix(login:auth): authentication failure; logname=LOGIN uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user=root", `{kind="password",service="login"} 1`, "")
	f(t, "strange[9]: pam_unix(strange:auth): authentication failure; logname= uid=0 euid=0 tty= ruser= rhost=203.0.113.9", `{kind="password",service="other"} 1`, "")
	f(t, "CRON[7101]: (root) CMD (/usr/local/bin/settle)", "", "")
	f(t, "sshd[5]: Connection closed by 203.0.113.9 port 22 [preauth]", "", "")
}

// TestLoginsOfJournal counts the same in the journal as JSON.
func TestLoginsOfJournal(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	countLog(t, New(reg, Limits{}), "journald", `{"__REALTIME_TIMESTAMP":"1795334404000000","SYSLOG_IDENTIFIER":"sshd","_COMM":"sshd","_PID":"5","SYSLOG_FACILITY":"4","PRIORITY":"6",`+
		`"MESSAGE":"Failed password for invalid user oracle from 203.0.113.7 port 37340 ssh2"}`+"\n", 0)
	expectSamples(t, reg, "posture_login_failures_total", `{kind="unknown_user",service="sshd"} 1`)
}

// TestLoginAfterFailures shows when a login is one that may have been guessed.
func TestLoginAfterFailures(t *testing.T) {
	t.Parallel()
	failed := func(n int, address string) string {
		return strings.Repeat("Nov 22 08:00:04 pay-1 sshd[5]: Failed password for root from "+address+" port 1 ssh2\n", n)
	}
	accepted := "Nov 22 08:00:04 pay-1 sshd[5]: Accepted password for root from 203.0.113.9 port 9 ssh2\n"
	f := func(t *testing.T, text string, apart time.Duration, want int) {
		t.Helper()
		reg := prometheus.NewPedanticRegistry()
		countSystemLog(t, New(reg, Limits{}), text, apart)
		var all []string
		for _, service := range []string{"cockpit", "gdm-password", "login", "openvpn", "other", "polkit-1", "proftpd", "sshd", "su", "sudo", "vsftpd", "xrdp-sesman"} {
			n := 0
			if service == "sshd" {
				n = want
			}
			all = append(all, fmt.Sprintf(`{service=%q} %d`, service, n))
		}
		expectSamples(t, reg, "posture_login_after_failures_total", strings.Join(all, "\n"))
	}
	f(t, failed(10, "203.0.113.9")+accepted, time.Second, 1)
	f(t, failed(10, "203.0.113.9")+accepted+accepted, time.Second, 1)
	f(t, failed(9, "203.0.113.9")+accepted, time.Second, 0)
	f(t, failed(10, "203.0.113.8")+accepted, time.Second, 0)
	f(t, failed(10, "203.0.113.9")+accepted, 11*time.Minute, 0)
}

// TestGuessersAreBounded shows that an attack from everywhere costs a bounded amount of memory and is counted.
func TestGuessersAreBounded(t *testing.T) {
	t.Parallel()
	g := &guesses{overflow: prometheus.NewCounter(prometheus.CounterOpts{Name: "x"}), seen: map[string]*guesser{}}
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for i := range maxGuessers + 5 {
		g.fail(fmt.Sprint(i), "", 1, at)
	}
	if len(g.seen) != maxGuessers {
		t.Errorf("%d addresses are remembered, want %d", len(g.seen), maxGuessers)
	}
	g.fail("later", "", 1, at.Add(2*guessWindow))
	if len(g.seen) != 1 {
		t.Errorf("after a pause %d addresses are remembered, want 1", len(g.seen))
	}
}
