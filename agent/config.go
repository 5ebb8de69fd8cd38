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
	cfg, err := loadConfig(*path, out)
	if err != nil {
		return err
	}
	text, err := configs.Render(cfg)
	if err != nil {
		return err
	}
	_, err = out.stdout.Write(text)
	return err
}

// loadConfig reads the configuration file that -config names. What it returns on error is ready to be returned by a
// command; the mistakes in the file are printed.
func loadConfig(path string, out *output) (*configs.Config, error) {
	if path == "" {
		return nil, usageError{errors.New("which file? use -config FILE")}
	}
	cfg, err := configs.Load(path, os.LookupEnv)
	if err != nil {
		fmt.Fprintln(out.stderr, err)
		return nil, usageError{}
	}
	return cfg, nil
}
