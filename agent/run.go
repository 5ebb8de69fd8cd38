package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"gatewatch/configs"
	"gatewatch/pipeline"
)

const runAbout = `
With -logs alone nothing else is needed: formats are found from the files, everything is kept in a local folder, and
the page's address is printed. With -config the file says what to do; -logs then adds files to it.

  gatewatch run -logs '/var/log/gateway/*.log'
  gatewatch run -config /etc/gatewatch/gatewatch.yml
`

// globList is a flag that may come several times.
type globList []string

func (g *globList) String() string     { return strings.Join(*g, " ") }
func (g *globList) Set(v string) error { *g = append(*g, v); return nil }

func run(ctx context.Context, flags *flag.FlagSet, args []string, out *output) error {
	var logs globList
	flags.Var(&logs, "logs", "log files to follow, as a quoted pattern; may come several times")
	config := flags.String("config", "", "configuration file")
	data := flags.String("data", "", "folder for everything that is kept (default: data_dir of the configuration, or "+localData()+" without one)")
	listen := flags.String("listen", "", "address of the page (default: http.listen of the configuration)")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	logs = append(logs, flags.Args()...) // the shell has expanded an unquoted pattern
	if *config == "" && len(logs) == 0 {
		return usageError{errors.New("what shall be followed? use -logs 'PATTERN' or -config FILE; -h explains")}
	}
	cfg, err := configure(*config, logs, *data, *listen)
	if err != nil {
		fmt.Fprintln(out.stderr, err)
		return usageError{}
	}
	listener, err := listenOn(cfg.HTTP.Listen, *config == "" && *listen == "")
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(out.stderr, nil))
	hangups := make(chan os.Signal, 1)
	if *config != "" { // a service; without a configuration it is somebody's terminal, and ends with it
		signal.Notify(hangups, syscall.SIGHUP)
		defer signal.Stop(hangups)
	}
	a, err := assemble(cfg, listener, log)
	if err != nil {
		return err
	}
	if *config != "" {
		a.reloads.read = func() (*configs.Config, error) { return configure(*config, logs, *data, *listen) }
		a.parts = append(a.parts, a.reloads.onHangup(hangups))
	}
	fmt.Fprintf(out.stdout, "Gatewatch follows %s\nPage: http://%s/   Data: %s   Stop with Ctrl-C\n",
		strings.Join(followed(cfg), ", "), listener.Addr(), cfg.DataDir)
	return a.run(ctx)
}

// configure reads the configuration file, if there is one, and applies the flags to it.
func configure(path string, logs []string, data, listen string) (*configs.Config, error) {
	var globs []string
	for _, l := range logs {
		abs, err := filepath.Abs(l)
		if err != nil {
			return nil, fmt.Errorf("-logs %s: %w", l, err)
		}
		globs = append(globs, abs)
	}
	var cfg *configs.Config
	var err error
	if path == "" {
		if data == "" {
			data = localData()
		}
		cfg, err = configs.ForLogs(data, globs...)
	} else {
		cfg, err = configs.Load(path, os.LookupEnv)
		if err == nil && len(globs) > 0 {
			cfg.Logs = append(cfg.Logs, pipeline.GroupConfig{Paths: globs})
			cfg.SetDefaults()
			err = cfg.Validate()
		}
	}
	if err != nil {
		return nil, err
	}
	if data != "" {
		cfg.DataDir = data
	}
	if listen != "" {
		cfg.HTTP.Listen = listen
	}
	return cfg, nil
}

// localData is where an agent without a configuration keeps its data.
func localData() string {
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "gatewatch")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "state", "gatewatch")
	}
	return "gatewatch-data"
}

// listenOn opens the page's address. When it is taken and another will do, any free port of the same host is.
func listenOn(address string, anyPort bool) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil && anyPort {
		if host, _, splitErr := net.SplitHostPort(address); splitErr == nil {
			l, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the page's address (choose another with -listen or http.listen): %w", err)
	}
	return l, nil
}

func followed(cfg *configs.Config) []string {
	var all []string
	for _, g := range cfg.Logs {
		all = append(all, g.Paths...)
	}
	return all
}
