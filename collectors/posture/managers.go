package posture

import (
	"context"
	"os/exec"
	"slices"

	"gatewatch/collectors/tool"
)

// packageManager is how one is asked.
type packageManager struct {
	program string
	args    []string
	parse   func([]byte) []pendingPackage
	// all are the arguments that list every advisory; nil where each update says itself whether it is one for security.
	all []string
}

// ask returns the packages for which updates wait. known is false when there are none because the manager does not know
// which updates are for security: a mirror may leave the advisories out.
func (p *packageManager) ask(ctx context.Context) (found []pendingPackage, known bool, err error) {
	text, err := tool.Run(ctx, p.program, p.args, nil)
	if err != nil {
		return nil, false, err
	}
	if found = p.parse(text); len(found) > 0 || p.all == nil {
		return found, true, nil
	}
	text, err = tool.Run(ctx, p.program, p.all, nil)
	return nil, len(p.parse(text)) > 0, err
}

// managers returns those that are installed. They know this host only, so that a container asks none for its host.
func (u *updates) managers() map[string]packageManager {
	all := map[string]packageManager{}
	if u.root != "/" {
		return all
	}
	if program, err := exec.LookPath("apt-get"); err == nil && len(u.packages) > 0 {
		all[managerApt] = packageManager{program, []string{"--quiet", "--simulate", "--ignore-hold", "-o", "Debug::NoLocking=true",
			"-o", "APT::Get::Show-User-Simulation-Note=false", "dist-upgrade"}, parseAptUpgrades, nil}
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
	return packageManager{program, append(slices.Clone(args), "--security"), parseDnfUpdates, append(slices.Clone(args), "--all")}
}
