package posture

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gatewatch/collectors/tool"
)

// maxPackageList bounds the file in which dpkg keeps what is installed; that of a desktop has 5 MiB.
const maxPackageList = 64 << 20

// pendingPackage is an update that is not installed.
type pendingPackage struct {
	name, arch string
	// origin says where it comes from, as apt writes it.
	origin   string
	security bool
}

// installedPackage is what dpkg knows of a package.
type installedPackage struct {
	version string
	held    bool
}

// aptUpgrade is a line of a simulated upgrade: "Inst libssl3 [3.0.11-1] (3.0.15-1 Debian-Security:12/stable-security [amd64])".
var aptUpgrade = regexp.MustCompile(`^Inst (\S+) \[\S+\] \(\S+ (.*) \[(\S+)\]\)`)

// parseAptUpgrades reads what "apt-get --simulate dist-upgrade" prints. Packages that would come new are no updates.
func parseAptUpgrades(text []byte) []pendingPackage {
	var all []pendingPackage
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, tool.MaxOutput)
	for lines.Scan() {
		m := aptUpgrade.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		origin := strings.ReplaceAll(m[2], ", ", ",")
		all = append(all, pendingPackage{m[1], m[3], origin, isSecurity(origin)})
	}
	return all
}

// isSecurity tells whether the name of an archive is that of one for security.
func isSecurity(origin string) bool {
	origin = strings.ToLower(origin)
	return strings.Contains(origin, "security") || strings.Contains(origin, "ubuntuesm")
}

// packageVersion is the end of a package as rpm names it: version, release and architecture.
var packageVersion = regexp.MustCompile(`^(.+)-[^-]+-[^-]+\.(\w+)$`)

// parseDnfUpdates reads what "dnf updateinfo list --security" prints: "RHSA-2024:1234 Important/Sec. openssl-3.0.7-28.el9.x86_64",
// or with dnf 5 a table of name, type, severity, package and date. A package that several advisories are about is one.
func parseDnfUpdates(text []byte) []pendingPackage {
	var all []pendingPackage
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		for _, word := range f[2:] {
			m := packageVersion.FindStringSubmatch(word)
			if m == nil {
				continue
			}
			if key := m[1] + "." + m[2]; !seen[key] {
				seen[key] = true
				all = append(all, pendingPackage{m[1], m[2], "", true})
			}
			break
		}
	}
	return all
}

// readDpkg returns the packages that dpkg knows as installed.
func readDpkg(root string) (map[string]installedPackage, error) {
	file, err := os.Open(filepath.Join(root, "var/lib/dpkg/status"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parseDpkg(io.LimitReader(file, maxPackageList))
}

func parseDpkg(r io.Reader) (map[string]installedPackage, error) {
	all := map[string]installedPackage{}
	var name, version, status string
	end := func() {
		if f := strings.Fields(status); name != "" && len(f) == 3 && f[2] == "installed" {
			all[name] = installedPackage{version, f[0] == "hold"}
		}
		name, version, status = "", "", ""
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == "" {
			end()
			continue
		}
		switch key, value, _ := strings.Cut(line, ":"); key {
		case "Package":
			name = strings.TrimSpace(value)
		case "Version":
			version = strings.TrimSpace(value)
		case "Status":
			status = strings.TrimSpace(value)
		}
	}
	end()
	return all, lines.Err()
}

// listsRenewed returns when apt's lists were last fetched: the stamp that its timer leaves, or else what it touches while
// it fetches them. The lists themselves have the times of the server.
func listsRenewed(root string) (newest time.Time) {
	for _, name := range []string{"periodic/update-success-stamp", "lists/partial"} {
		if info, err := os.Stat(filepath.Join(root, "var/lib/apt", name)); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest
}
