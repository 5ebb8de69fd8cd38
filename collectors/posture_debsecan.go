package collectors

import (
	"context"
	"os/exec"
	"regexp"
	"strings"
)

// askDebsecan returns how many holes debsecan knows, by "urgency fixed". It is not there on most hosts.
func askDebsecan(ctx context.Context) (map[string]int, error) {
	program, err := exec.LookPath("debsecan")
	if err != nil {
		return nil, nil
	}
	text, err := runTool(ctx, program, []string{"--format", "summary"}, nil)
	if err != nil {
		return nil, err
	}
	return parseDebsecan(string(text)), nil
}

// parseDebsecan reads lines such as "CVE-2024-1234 openssl (remotely exploitable, high urgency)" and "CVE-2024-2 curl (fixed,
// low urgency)". A hole that several packages have counts in each.
func parseDebsecan(text string) map[string]int {
	counts := map[string]int{}
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
	out, complaint, err := runToolBoth(ctx, program, args, nil)
	if err != nil {
		return nil, err
	}
	return append(out, complaint...), nil
}
