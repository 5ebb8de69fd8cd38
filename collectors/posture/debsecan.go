package posture

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"gatewatch/collectors/tool"
)

// debsecanSettings is where Debian keeps how debsecan is called every day.
const debsecanSettings = "etc/default/debsecan"

// askDebsecan returns how many holes debsecan knows, by "urgency fixed"; nil when it is not there, as on most hosts.
func askDebsecan(ctx context.Context, root string) (map[string]int, error) {
	program, err := exec.LookPath("debsecan")
	if err != nil || root != "/" {
		return nil, nil
	}
	return countHoles(ctx, program, debsecanSuite(root))
}

// countHoles runs debsecan. Without a suite it knows the holes, but not which of them an update closes.
func countHoles(ctx context.Context, program, suite string) (map[string]int, error) {
	args := []string{"--format", "summary"}
	if suite != "" {
		text, err := tool.Run(ctx, program, append(args, "--suite", suite), nil)
		if ended := new(exec.ExitError); !errors.As(err, &ended) {
			return parseDebsecan(string(text)), err
		}
		// There is no list for a suite that is too old or not Debian's.
	}
	text, err := tool.Run(ctx, program, args, nil)
	if err != nil {
		return nil, err
	}
	return parseDebsecan(string(text)), nil
}

// debsecanSuite returns the name of the installed release of Debian, and "" where the settings of debsecan name a suite.
func debsecanSuite(root string) string {
	if set := settingIn(filepath.Join(root, debsecanSettings), "SUITE"); set != "" && set != "GENERIC" {
		return ""
	}
	release := filepath.Join(root, "etc/os-release")
	if settingIn(release, "ID") != "debian" {
		return ""
	}
	return settingIn(release, "VERSION_CODENAME")
}

// maxSettings bounds a file of settings.
const maxSettings = 64 << 10

// settingIn returns the value of a line NAME=value, with or without quotes; "" when there is none.
func settingIn(path, name string) (value string) {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(io.LimitReader(file, maxSettings)); lines.Scan(); {
		if after, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), name+"="); ok {
			value = strings.Trim(after, `"'`)
		}
	}
	return value
}

// parseDebsecan reads lines such as "CVE-2024-1234 openssl (remotely exploitable, high urgency)" and "CVE-2024-2 curl (fixed,
// low urgency)". A hole that several packages have counts in each. What there is none of is told, too.
func parseDebsecan(text string) map[string]int {
	counts := map[string]int{}
	for _, urgency := range []string{"high", "medium", "low", "unknown"} {
		counts[urgency+" yes"], counts[urgency+" no"] = 0, 0
	}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 2 || strings.HasPrefix(f[0], "***") {
			continue
		}
		urgency := "unknown"
		for _, u := range []string{"high", "medium", "low"} {
			if strings.Contains(line, u+" urgency") {
				urgency = u
			}
		}
		fixed := "no"
		if strings.Contains(line, "(fixed") {
			fixed = "yes"
		}
		counts[urgency+" "+fixed]++
	}
	return counts
}

// printedVersion is the first thing in a text that looks like a version.
var printedVersion = regexp.MustCompile(`\d+(?:\.\d+)+[\w.+~-]*|\b\d{1,4}\b`)

// versionIn returns the version that a program printed; "" for none. Java writes it in quotes, nginx behind a slash.
func versionIn(text string) string { return printedVersion.FindString(text) }

// runToolMerged returns what a program prints: many print their version as a complaint.
func runToolMerged(ctx context.Context, program string, args []string) ([]byte, error) {
	out, complaint, err := tool.RunBoth(ctx, program, args, nil)
	if err != nil {
		return nil, err
	}
	return append(out, complaint...), nil
}
