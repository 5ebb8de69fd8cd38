package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gatewatch/internal/marked"
	"gatewatch/internal/servicetest"
)

var (
	rulesFile   = flag.String("rules", "", "file of alert rules, as for the command")
	writeTo     = flag.String("write", "", "Markdown file whose table is replaced, between the marks in it")
	jars        = flag.String("jars", "", "folder that testdata/jvm/pom.xml was fetched to; without it no JVM is watched")
	kernelFiles = flag.String("kernel", "../../collectors/host/testdata/host", "folder with proc and sys of a host with hardware")
	settle      = flag.Duration("settle", 40*time.Second, "how long is collected before the rules are asked")
	hold        = flag.Duration("hold", 0, "how long everything is left running afterwards, to look at it")
)

// BenchmarkLive asks an agent that watches real servers, and a Prometheus that scrapes exporters of the same ones, each of
// the rules.
func BenchmarkLive(b *testing.B) {
	servicetest.Wanted(b)
	if *rulesFile == "" {
		b.Skip("no file of rules: -rules FILE")
	}
	text, err := os.ReadFile(*rulesFile)
	if err != nil {
		b.Fatal(err)
	}
	verdicts, err := judge(text)
	if err != nil {
		b.Fatal(err)
	}
	s := startServers(b)
	jvm, scrapes := startJVM(b), ""
	if jvm != "" {
		scrapes = fmt.Sprintf("{name: core, interval: 2s, url: \"http://%s/metrics\"}", jvm)
	}
	real, files := startAgents(b, s, scrapes)
	exporters := startExporters(b, s, jvm)
	stop := s.work(b)
	time.Sleep(*settle)
	b.Logf("agent %s, host of files %s, exporters %s", real, files, exporters)
	asked := []place{{name: "live", address: real}, {name: "on a host of files", address: files}}
	if exporters != "" {
		asked = append(asked, place{name: "with Debian's exporters", address: exporters, others: true})
	}
	if err := askAll(asked, verdicts); err != nil {
		b.Fatal(err)
	}
	differences(verdicts)
	table := report(verdicts, asked)
	if exporters != "" {
		table += s.trial(b, []place{asked[0], asked[2]}, verdicts)
	}
	fmt.Print("\n" + table)
	if *writeTo != "" {
		if err := marked.Replace(*writeTo, "exporter rules", table); err != nil {
			b.Fatal(err)
		}
	}
	time.Sleep(*hold)
	stop()
}

// trial says which rules fire before and in an incident.
func (s *servers) trial(b *testing.B, places []place, all []verdict) string {
	b.Helper()
	before, err := alarms("While nothing is wrong", places, all)
	if err != nil {
		b.Fatal(err)
	}
	s.incident(b)
	within, err := alarms("In an incident", places, all)
	if err != nil {
		b.Fatal(err)
	}
	return before + within
}

// differences prints which rules have other series with the exporters, which are asked last.
func differences(all []verdict) {
	for _, v := range all {
		ours, theirs := v.answers[0].series, v.answers[len(v.answers)-1].series
		if len(ours) > 0 && len(theirs) > 0 && !slices.Equal(ours, theirs) {
			fmt.Printf("%s: %s:\n  ours %s\n  theirs %s\n", v.group, v.rule.name, ours, theirs)
		}
	}
}

// startJVM returns the address of a Java program with Prometheus' client, or "" without its parts.
func startJVM(b *testing.B) string {
	b.Helper()
	if *jars == "" {
		return ""
	}
	listen := free(b)
	cmd := exec.Command("java", "-cp", filepath.Join(*jars, "*"), "testdata/jvm/App.java", portOf(listen))
	launch(b, "jvm", "http://"+listen+"/metrics", cmd)
	return listen
}
