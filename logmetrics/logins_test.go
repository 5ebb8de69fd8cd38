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

// TestLoginsOfDebian counts what OpenSSH 9.2, sudo 1.9.13, su, Google Authenticator and pam_faillock of Debian 12 wrote through rsyslog, but for addresses, when
// what the titled lines say was done to them. The su before each sudo is the test's own.
func TestLoginsOfDebian(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/auth-debian12.log")
	if err != nil {
		t.Fatal(err)
	}
	const wantSu = `{kind="password",service="su"} 1`
	for title, want := range map[string][2]string{
		"1 three wrong passwords":                      {`{kind="password",service="sshd"} 3`, ""},
		"2 a user who is not there":                    {`{kind="unknown_user",service="sshd"} 1`, ""},
		"3 a password":                                 {"", `{kind="password",service="sshd"} 1`},
		"4 a key":                                      {"", `{kind="key",service="sshd"} 1`},
		"5 a wrong key":                                {`{kind="refused",service="sshd"} 1`, ""},
		"6 two wrong answers and a right one":          {`{kind="password",service="sshd"} 2`, `{kind="password",service="sshd"} 1`},
		"7 root, who may not":                          {`{kind="password",service="sshd"} 1`, ""},
		"8 a user in DenyUsers":                        {`{kind="unknown_user",service="sshd"} 1`, ""},
		"9 an expired account":                         {`{kind="password",service="sshd"} 1`, ""},
		"10 a key of a user who is not there":          {`{kind="unknown_user",service="sshd"} 1`, ""},
		"11 four wrong keys":                           {`{kind="refused",service="sshd"} 1`, ""},
		"12 two scans of the port":                     {"", ""},
		"13 a wrong answer of a user who is not there": {`{kind="unknown_user",service="sshd"} 1`, ""},
		"14 sftp":                                    {"", `{kind="key",service="sshd"} 1`},
		"20 sudo with three wrong passwords":         {`{kind="password",service="sudo"} 3`, wantSu},
		"21 sudo":                                    {"", `{kind="other",service="sudo"} 1` + "\n" + wantSu},
		"22 sudo at the second try":                  {"", `{kind="other",service="sudo"} 1` + "\n" + wantSu},
		"23 sudo of who may not":                     {`{kind="refused",service="sudo"} 1`, wantSu},
		"24 sudo without asking":                     {`{kind="refused",service="sudo"} 1`, wantSu},
		"25 sudo of what one may not":                {`{kind="refused",service="sudo"} 1`, wantSu},
		"30 su with a wrong password":                {`{kind="password",service="su"} 1`, wantSu},
		"31 su":                                      {"", `{kind="password",service="su"} 2`},
		"40 a wrong code":                            {`{kind="mfa",service="sshd"} 1`, ""},
		"41 a right code":                            {"", `{kind="mfa",service="sshd"} 1` + "\n" + `{kind="password",service="sshd"} 1`},
		"42 a code that was used":                    {`{kind="mfa",service="sshd"} 1`, ""},
		"43 a scratch code":                          {"", `{kind="mfa",service="sshd"} 1` + "\n" + `{kind="password",service="sshd"} 1`},
		"50 a wrong password that locks the account": {`{kind="password",service="sshd"} 1`, ""},
		"51 a right password of a locked account":    {`{kind="password",service="sshd"} 1`, ""},
		"52 a user who is not there, with faillock":  {`{kind="unknown_user",service="sshd"} 1`, ""},
	} {
		_, part, found := strings.Cut(string(text), " marker: "+title+"\n")
		if !found {
			t.Fatalf("%s is not in the file", title)
		}
		// The part ends with the header of the next title.
		if end := strings.Index(part, " marker: "); end >= 0 {
			part = part[:strings.LastIndexByte(part[:end], '\n')+1]
		}
		reg := prometheus.NewPedanticRegistry()
		countSystemLog(t, New(reg, Limits{}), part, time.Second)
		t.Run(title, func(t *testing.T) {
			expectSamples(t, reg, "posture_login_failures_total", want[0])
			expectSamples(t, reg, "posture_logins_total", want[1])
		})
	}
}

// TestLoginsAtOnce counts each failure of connections that one address has at a time once.
func TestLoginsAtOnce(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, line := range []string{"Failed password for root from 203.0.113.9 port %d ssh2", "Connection closed by authenticating user root 203.0.113.9 port %d [preauth]"} {
		for i := range manyConnections {
			fmt.Fprintf(&text, "Nov 22 08:00:04 pay-1 sshd[%d]: "+line+"\n", 100+i, 40000+i)
		}
	}
	reg := prometheus.NewPedanticRegistry()
	countSystemLog(t, New(reg, Limits{}), text.String(), 0)
	expectSamples(t, reg, "posture_login_failures_total", `{kind="password",service="sshd"} 10`)
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
