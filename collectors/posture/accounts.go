package posture

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// maxPasswd is how much of passwd is read.
	maxPasswd = 4 << 20
	// maxRootAccounts is how many accounts with the user id 0 are told.
	maxRootAccounts = 50
)

// account is a line of passwd.
type account struct{ name, id string }

// readAccounts returns the accounts of the host; those of a directory service are not among them.
func readAccounts(root string) ([]account, error) {
	file, err := os.Open(filepath.Join(root, "etc/passwd"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []account
	lines := bufio.NewScanner(io.LimitReader(file, maxPasswd))
	for lines.Scan() {
		f := strings.Split(lines.Text(), ":")
		if len(f) >= 3 && f[0] != "" && !strings.HasPrefix(f[0], "#") {
			all = append(all, account{f[0], f[2]})
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("passwd names no account")
	}
	return all, nil
}

// rootAccounts returns the names of all who have the rights of root by their id. Any way to write 0 is one.
func rootAccounts(all []account) (names []string) {
	for _, a := range all {
		if a.id != "" && strings.Trim(a.id, "0") == "" && !slices.Contains(names, a.name) {
			names = append(names, a.name)
		}
	}
	return names
}

// userNames returns the names of accounts by their id; of several the first.
func userNames(root string) map[string]string {
	all, _ := readAccounts(root) // without names ids are shown
	names := map[string]string{}
	for _, a := range all {
		if names[a.id] == "" {
			names[a.id] = a.name
		}
	}
	return names
}

func nameOr(names map[string]string, id string) string {
	if name := names[id]; name != "" {
		return name
	}
	return id
}
