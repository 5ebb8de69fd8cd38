package logmetrics

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"gatewatch/event"
)

// loginServices are the programs that let people in and have their own label value; the first stands for all others.
var loginServices = [...]string{otherValue, "sshd", "sudo", "su", "login", "cockpit", "vsftpd", "proftpd", "xrdp-sesman", "gdm-password", "openvpn", "polkit-1"}

// loginKinds are the ways in which logins succeed or fail; the first stands for all others.
var loginKinds = [...]string{otherValue, "password", "key", "mfa", "unknown_user", "refused"}

// logins counts who was let in and who was not, from the log of the system.
type logins struct {
	failures, successes [len(loginServices)]*counters
	afterFailures       [len(loginServices)]prometheus.Counter
	guesses             guesses
}

// loginAttempt is what one record says about one or more attempts.
type loginAttempt struct {
	service, kind int
	failed        bool
	// count is how many attempts the record stands for.
	count int
	// ends says that the record tells of the end of a connection, whose attempts may have been counted.
	ends bool
	// factor is whose second factor was refused, asked of whom PAM refused, perhaps for that.
	factor, asked string
}

func newLogins(reg prometheus.Registerer, overflow *prometheus.CounterVec) *logins {
	failures := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "posture_login_failures_total", Help: "Logins that failed, in the log of the system.",
	}, []string{"service", "kind"})
	successes := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "posture_logins_total", Help: "Logins and uses of sudo and su that succeeded, in the log of the system; kind mfa is a second factor alone.",
	}, []string{"service", "kind"})
	after := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "posture_login_after_failures_total", Help: "Logins from an address, or of a user of the host, that had failed ten times before, with no pause of ten minutes.",
	}, []string{"service"})
	l := &logins{guesses: guesses{overflow: overflow.WithLabelValues("login_address"), seen: map[string]*guesser{}, factors: map[string]time.Time{}}}
	for i, service := range loginServices {
		l.failures[i] = newCounters(len(loginKinds), func(kind int) prometheus.Counter { return failures.WithLabelValues(service, loginKinds[kind]) })
		l.successes[i] = newCounters(len(loginKinds), func(kind int) prometheus.Counter { return successes.WithLabelValues(service, loginKinds[kind]) })
		// From the beginning, so that the first one is an increase.
		l.afterFailures[i] = after.WithLabelValues(service)
	}
	return l
}

// observe counts a record of the system's log.
func (l *logins) observe(ev *event.Event) {
	a, ok := readLogin(ev)
	if !ok {
		return
	}
	who := guesserOf(a, ev)
	switch {
	case a.failed && a.ends && l.guesses.counted(who, connection(ev)):
	case a.factor != "":
		// sshd tells it again in a moment, and from where.
		l.failures[a.service].at(a.kind).Inc()
		l.guesses.refuse(a.factor, ev.Time)
	case a.asked != "" && l.guesses.refused(a.asked, ev.Time):
		l.guesses.fail(who, connection(ev), a.count, ev.Time)
	case a.failed:
		l.failures[a.service].at(a.kind).Add(float64(a.count))
		l.guesses.fail(who, connection(ev), a.count, ev.Time)
	default:
		l.successes[a.service].at(a.kind).Inc()
		if a.kind != kindIndex("mfa") && l.guesses.succeed(who, ev.Time) {
			l.afterFailures[a.service].Inc()
		}
	}
}

// guesserOf returns whose failures count together: those of an address, or those of a user of the host.
func guesserOf(a loginAttempt, ev *event.Event) string {
	if ip := ev.Fact(event.SourceIP); len(ip) > 0 {
		return string(ip)
	}
	return loginServices[a.service] + " " + string(ev.Fact(event.UserName))
}

// connection tells connections of one address apart: each has a process of its own, and its complaints about PAM have no
// port. It is "" when the record does not tell.
func connection(ev *event.Event) string {
	if pid := field(ev, "process.pid"); len(pid) > 0 {
		return string(pid)
	}
	return string(field(ev, "source.port"))
}

// field returns the text of a field that the format found, or nil.
func field(ev *event.Event, name string) []byte {
	for i := range ev.Fields {
		if string(ev.Fields[i].Name) == name {
			return ev.Fields[i].Value
		}
	}
	return nil
}

// readLogin tells what a record says about logins; ok is false for one that says nothing.
func readLogin(ev *event.Event) (a loginAttempt, ok bool) {
	program, message := field(ev, "process.name"), ev.Fact(event.Message)
	service, _, _ := bytes.Cut(program, []byte{'('}) // "sshd(pam_google_authenticator)"
	service = bytes.TrimSuffix(service, []byte("-session"))
	a = loginAttempt{service: serviceIndex(string(service)), count: 1}
	if n, err := strconv.Atoi(string(field(ev, "event.count"))); err == nil && n > 0 {
		a.count = n
	}
	if failed, ok := secondFactor(message); ok {
		if i := serviceIndex(pamService(message)); i > 0 {
			a.service = i
		}
		a.kind, a.failed = kindIndex("mfa"), failed
		if failed && loginServices[a.service] == "sshd" {
			a.factor = namedUser(message)
		}
		return a, true
	}
	outcome := string(field(ev, "event.outcome"))
	switch string(service) {
	case "sshd":
		return a.ofSSH(ev, message)
	case "sudo":
		return a.ofSudo(ev)
	case "su":
		a.kind, a.failed = kindIndex("password"), outcome == "failure"
		return a, outcome != "" && !bytes.HasPrefix(message, []byte("pam_"))
	}
	// What other programs say differs; what PAM says for them does not.
	if !bytes.Contains(message, []byte("): authentication failure;")) {
		return a, false
	}
	a.service, a.kind, a.failed = serviceIndex(pamService(message)), kindIndex("password"), true
	return a, true
}

// ofSSH reads what sshd says. One attempt may be told three times: by sshd, by PAM for it, and when the connection ends.
func (a loginAttempt) ofSSH(ev *event.Event, message []byte) (loginAttempt, bool) {
	method := string(field(ev, "system.auth.ssh.method"))
	a.kind = kindIndex("password")
	switch {
	case method == "publickey", method == "hostbased", strings.HasPrefix(method, "gssapi"):
		a.kind = kindIndex("key")
	case method == "none":
		return a, false // how a client asks for the methods there are
	}
	switch string(field(ev, "system.auth.ssh.event")) {
	case "Accepted":
		return a, true
	case "Failed":
		if bytes.Contains(message, []byte(" for invalid user ")) {
			a.kind = kindIndex("unknown_user")
		}
		a.failed = true
		// Of these PAM's complaint is counted, which is always there.
		return a, !strings.HasPrefix(method, "keyboard-interactive")
	}
	if bytes.HasPrefix(message, []byte("error: PAM: ")) {
		a.failed, a.asked = true, string(ev.Fact(event.UserName))
		if bytes.Contains(message, []byte(" for illegal user ")) || bytes.Contains(message, []byte(" for invalid user ")) {
			a.kind = kindIndex("unknown_user")
		}
		return a, true
	}
	// Who only tries keys, or is shown that there is nothing but keys, leaves no more than this.
	if bytes.HasSuffix(message, []byte("[preauth]")) && (bytes.HasPrefix(message, []byte("Connection ")) || bytes.HasPrefix(message, []byte("Disconnect"))) {
		for text, kind := range map[string]string{" authenticating user ": "refused", " invalid user ": "unknown_user"} {
			if bytes.Contains(message, []byte(text)) {
				a.kind, a.failed, a.ends = kindIndex(kind), true, true
				return a, true
			}
		}
	}
	return a, false
}

// ofSudo reads "3 incorrect password attempts", "user NOT in sudoers" and commands that were run.
func (a loginAttempt) ofSudo(ev *event.Event) (loginAttempt, bool) {
	if refusal := field(ev, "system.auth.sudo.error"); refusal != nil {
		a.kind, a.failed = kindIndex("refused"), true
		number, _, _ := bytes.Cut(refusal, []byte{' '})
		if n, err := strconv.Atoi(string(number)); err == nil && n > 0 && n < 100 && bytes.Contains(refusal, []byte("incorrect password")) {
			a.kind, a.count = kindIndex("password"), n
		}
		return a, true
	}
	return a, field(ev, "system.auth.sudo.command") != nil
}

// secondFactor tells whether a message of Google Authenticator, Duo or OATH says that a second factor was refused or
// accepted.
func secondFactor(message []byte) (failed, ok bool) {
	for _, text := range []string{"Invalid verification code", "Failed Duo login", "One-time password not authorized"} {
		if bytes.Contains(message, []byte(text)) {
			return true, true
		}
	}
	for _, text := range []string{"Accepted google_authenticator for ", "Successful Duo login"} {
		if bytes.Contains(message, []byte(text)) {
			return false, true
		}
	}
	return false, false
}

// namedUser returns the user in "Invalid verification code for alice" and "Failed Duo login for 'alice' from 203.0.113.9".
func namedUser(message []byte) string {
	_, user, _ := bytes.Cut(message, []byte(" for "))
	user, _, _ = bytes.Cut(user, []byte{' '})
	return string(bytes.Trim(user, "'"))
}

// pamService returns the service in "pam_unix(login:auth): …"; "" for none.
func pamService(message []byte) string {
	if !bytes.HasPrefix(message, []byte("pam_")) {
		return ""
	}
	_, rest, _ := bytes.Cut(message, []byte{'('})
	service, _, _ := bytes.Cut(rest, []byte{':'})
	return string(service)
}

func serviceIndex(name string) int { return indexOf(loginServices[:], name) }

func kindIndex(name string) int { return indexOf(loginKinds[:], name) }

// indexOf returns where name is; 0, which stands for all others, when it is not there.
func indexOf(all []string, name string) int {
	for i, one := range all {
		if one == name {
			return i
		}
	}
	return 0
}
