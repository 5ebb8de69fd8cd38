package probes

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"
)

// TestProbeDocumentation holds the lists in docs/probes.md to the code. With -update it writes them anew.
func TestProbeDocumentation(t *testing.T) {
	t.Parallel()
	const file = "../../docs/probes.md"
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string]*strings.Builder{"presets": {}, "probes": {}, "status pages": {}, "status metrics": {}}
	fmt.Fprintln(lists["presets"], "| preset | provider | URL |\n|---|---|---|")
	for _, p := range presets() {
		fmt.Fprintf(lists["presets"], "| `%s` | %s | `%s` |\n", p.name, p.provider, p.url)
	}
	fmt.Fprintln(lists["probes"], "| metric | probes | labels | what it tells |\n|---|---|---|---|")
	for _, m := range probeTable() {
		fmt.Fprintf(lists["probes"], "| `probe_%s` | %s | %s | %s |\n", m.name, m.kinds, strings.Join(m.labels, ", "), m.help)
	}
	for _, m := range announcementTable() {
		fmt.Fprintf(lists["probes"], "| `%s` | %s | %s | %s |\n", m.name, m.kinds, strings.Join(m.labels, ", "), m.help)
	}
	fmt.Fprintln(lists["status pages"], "| provider | URL |\n|---|---|")
	known := knownStatusPages()
	for _, provider := range slices.Sorted(maps.Keys(known)) {
		fmt.Fprintf(lists["status pages"], "| `%s` | `%s` |\n", provider, known[provider])
	}
	fmt.Fprintln(lists["status metrics"], "| metric | labels | what it tells |\n|---|---|---|")
	for _, m := range statusTable() {
		fmt.Fprintf(lists["status metrics"], "| `%s` | %s | %s |\n", m.name, strings.Join(m.labels, ", "), m.help)
	}
	text := string(before)
	for name, list := range lists {
		begin, end := "<!-- list: "+name+" -->\n", "<!-- end -->"
		head, rest, found := strings.Cut(text, begin)
		_, tail, ended := strings.Cut(rest, end)
		if !found || !ended {
			t.Fatalf("%s has no list %s", file, name)
		}
		text = head + begin + "\n" + list.String() + end + tail
	}
	if *collecttest.Update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if text != string(before) {
		t.Errorf("%s does not list what there is: go test ./collectors/probes -run TestProbeDocumentation -update", file)
	}
}

// TestPresets keeps each preset a valid probe that needs nothing else.
func TestPresets(t *testing.T) {
	t.Parallel()
	var names []string
	var all collect.Entries[Config, *Config]
	for _, name := range presetNames() {
		all = append(all, Config{Preset: name})
	}
	all.SetDefaults()
	if err := all.Validate(); err != nil {
		t.Fatalf("all presets together: %v", err)
	}
	for _, p := range all {
		names = append(names, p.Name)
		if p.URL == "" || p.Provider == "" || !slices.Equal(p.ExpectStatus, presetStatus()) {
			t.Errorf("preset %s: %+v, want URL, provider and status", p.Preset, p)
		}
		if _, err := newProbe(p, collecttest.Quiet()); err != nil {
			t.Errorf("preset %s: %v", p.Preset, err)
		}
	}
	if !slices.Equal(names, presetNames()) {
		t.Errorf("names %q, want those of the presets", names)
	}
	own := collect.Entries[Config, *Config]{{Preset: "adyen", URL: "https://x-pal-live.adyenpayments.com/", ExpectStatus: []string{"401"}}}
	own.SetDefaults()
	if p := own[0]; p.URL != "https://x-pal-live.adyenpayments.com/" || !slices.Equal(p.ExpectStatus, []string{"401"}) || p.Name != "adyen" {
		t.Errorf("an overridden preset: %+v", p)
	}
}
