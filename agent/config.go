package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"gatewatch/configs"
)

const configAbout = `
What the file leaves out is shown with its default, and secrets as <redacted>.

  gatewatch config -config /etc/gatewatch/gatewatch.yml
`

func printConfig(_ context.Context, flags *flag.FlagSet, args []string, out *output) error {
	path := flags.String("config", "", "configuration file to show")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	if *path == "" {
		return usageError{errors.New("which file? use -config FILE")}
	}
	cfg, err := configs.Load(*path, os.LookupEnv)
	if err != nil {
		fmt.Fprintln(out.stderr, err)
		return usageError{}
	}
	text, err := configs.Render(cfg)
	if err != nil {
		return err
	}
	_, err = out.stdout.Write(text)
	return err
}
