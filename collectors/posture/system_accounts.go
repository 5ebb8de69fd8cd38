package posture

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	// systemAccounts is the change of a file of accounts that lets nobody log in: packages add users like that.
	systemAccounts = "system_accounts"
	// maxSystemID is the highest id that packages give; those of people are higher.
	maxSystemID = 999
)

// systemLines returns what tells of a line of the file whether it is about a user or group of the system that lets nobody
// log in; nil when the file is not one of accounts.
func systemLines(kind, path string) func(fields []string) bool {
	if kind != "account" {
		return nil
	}
	switch filepath.Base(path) {
	case "passwd":
		return isSystemUser
	case "shadow":
		return func(f []string) bool { return len(f) == 9 && isLocked(f[1]) }
	case "group":
		return func(f []string) bool {
			return len(f) == 4 && (f[1] == "x" || isLocked(f[1])) && isSystemID(f[2]) && f[3] == ""
		}
	case "gshadow":
		return func(f []string) bool { return len(f) == 4 && isLocked(f[1]) && f[2] == "" && f[3] == "" }
	}
	return nil
}

// isSystemUser does not take a user whose group is root's for one: it may write what root's group may.
func isSystemUser(f []string) bool {
	none := []string{"/usr/sbin/nologin", "/sbin/nologin", "/usr/bin/nologin", "/bin/false", "/usr/bin/false"}
	return len(f) == 7 && (f[1] == "x" || isLocked(f[1])) && isSystemID(f[2]) && isID(f[3]) && f[3] != "0" && slices.Contains(none, f[6])
}

// isLocked tells whether no password is the right one. An empty field asks for none.
func isLocked(password string) bool {
	return strings.HasPrefix(password, "!") || strings.HasPrefix(password, "*")
}

func isSystemID(s string) bool {
	id, _ := strconv.Atoi(s)
	return isID(s) && id >= 1 && id <= maxSystemID
}

// isID tells whether s is an id as programs write it. Another way to write it, as 00 or +5, is read differently by different ones.
func isID(s string) bool {
	id, err := strconv.ParseUint(s, 10, 32)
	return err == nil && strconv.FormatUint(id, 10) == s
}

// hashLogins returns the SHA-256 of all lines but those of system accounts, in hexadecimal digits; "" when there is more
// than a file of accounts has.
func hashLogins(r io.Reader, isSystem func(fields []string) bool) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxPasswd+1))
	if err != nil || len(text) > maxPasswd {
		return "", err
	}
	sum := sha256.New()
	for line := range bytes.Lines(text) {
		if !isPlain(line) || !isSystem(strings.Split(strings.TrimSuffix(string(line), "\n"), ":")) {
			sum.Write(line)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// isPlain tells whether every program takes the line for the same: it names somebody, asks no directory service ("+"), and
// has no byte at which one ends it earlier than another.
func isPlain(line []byte) bool {
	const maxLine = 1000
	line = bytes.TrimSuffix(line, []byte("\n"))
	return len(line) > 0 && len(line) <= maxLine && !strings.ContainsRune(":+-#", rune(line[0])) &&
		!bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f })
}
