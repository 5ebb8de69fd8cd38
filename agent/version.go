package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the release build: -ldflags "-X main.version=1.2.3".
var version = ""

// build is what is known about this binary.
type build struct{ version, revision, goVersion string }

func buildInfo() build {
	b := build{version: version, goVersion: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.revision = s.Value
			}
		}
	}
	if b.version == "" {
		b.version = "development"
	}
	return b
}

func printVersion(_ context.Context, flags *flag.FlagSet, args []string, out *output) error {
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	b := buildInfo()
	fmt.Fprintf(out.stdout, "gatewatch %s", b.version)
	if b.revision != "" {
		fmt.Fprintf(out.stdout, " (%s)", b.revision)
	}
	fmt.Fprintf(out.stdout, " %s %s/%s\n", b.goVersion, runtime.GOOS, runtime.GOARCH)
	return nil
}
