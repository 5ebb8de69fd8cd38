package posture

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"gatewatch/collectors/globs"
	"gatewatch/collectors/tool"
)

// packageManager is how one is asked.
type packageManager struct {
	program string
	args    []string
	parse   func([]byte) []pendingPackage
	// knows tells whether its repositories say which updates are for security. It is asked when there is none.
	knows func(context.Context) (bool, error)
}

// ask returns the packages for which updates wait. known is false when none is for security because the manager cannot
// know: a mirror may leave that out.
func (p *packageManager) ask(ctx context.Context) (found []pendingPackage, known bool, err error) {
	text, err := tool.Run(ctx, p.program, p.args, nil)
	if err != nil {
		return nil, false, err
	}
	found = p.parse(text)
	if slices.ContainsFunc(found, func(one pendingPackage) bool { return one.security }) {
		return found, true, nil
	}
	known, err = p.knows(ctx)
	return found, known, err
}

// managers returns those that are installed. They know this host only, so that a container asks none for its host.
func (u *updates) managers() map[string]packageManager {
	all := map[string]packageManager{}
	if u.root != "/" {
		return all
	}
	if program, err := exec.LookPath("apt-get"); err == nil && len(u.packages) > 0 {
		all[managerApt] = packageManager{program, []string{"--quiet", "--simulate", "--ignore-hold", "-o", "Debug::NoLocking=true",
			"-o", "APT::Get::Show-User-Simulation-Note=false", "dist-upgrade"}, parseAptUpgrades,
			func(context.Context) (bool, error) { return aptKnowsSecurity(u.root), nil }}
	}
	if program, err := exec.LookPath("dnf"); err == nil && len(u.packages) == 0 {
		all[managerDnf] = dnfAt(program)
	}
	return all
}

// dnfAt returns how dnf is asked. A repository that cannot be reached is an error: by default dnf goes on without it, says
// nothing, and what it lists is too short.
func dnfAt(program string) packageManager {
	args := []string{"--quiet", "--setopt=*.skip_if_unavailable=False", "updateinfo", "list"}
	knows := func(ctx context.Context) (bool, error) {
		text, err := tool.Run(ctx, program, append(slices.Clone(args), "--all"), nil)
		return len(parseDnfUpdates(text)) > 0, err
	}
	return packageManager{program, append(slices.Clone(args), "--security"), parseDnfUpdates, knows}
}

const (
	// maxReleases and maxReleaseHead bound what is read of apt's lists: of each archive the lines that say what it is.
	maxReleases    = 200
	maxReleaseHead = 4 << 10
)

// aptKnowsSecurity tells whether one of the archives whose lists apt has is for security.
func aptKnowsSecurity(root string) bool {
	files, _ := globs.Find([]string{filepath.Join(root, "var/lib/apt/lists/*Release")}, maxReleases)
	for _, file := range files {
		if isSecurityArchive(file.Path) {
			return true
		}
	}
	return false
}

// isSecurityArchive reads the beginning of an archive's Release file, as far as apt shows it beside each update.
func isSecurityArchive(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	for lines := bufio.NewScanner(io.LimitReader(file, maxReleaseHead)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if slices.Contains([]string{"Origin", "Label", "Suite", "Codename"}, name) && isSecurity(value) {
			return true
		}
	}
	return false
}
