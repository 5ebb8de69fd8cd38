// Package smart asks disks for what they say of their own health.
package smart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/tool"
	"gatewatch/internal/invalid"
)

// Config is an entry of collectors.smart in the configuration.
type Config struct {
	// The disk, as smartctl is told of it.
	Device string `yaml:"device"`
	// Its type, for disks behind controllers: what smartctl takes as --device, such as megaraid,0. Empty: smartctl finds out.
	Type string `yaml:"type"`
	// Command that is smartctl, such as ["sudo", "-n", "/usr/sbin/smartctl"]; its options come after it.
	Command []string `yaml:"command"`
	// File in which something else leaves what smartctl prints as JSON, read in place of running it.
	OutputFile string `yaml:"output_file"`
	// How often; at least a minute.
	Interval model.Duration `yaml:"interval"`
	// How long one answer may take.
	Timeout model.Duration `yaml:"timeout"`
}

const (
	defaultSMARTInterval = model.Duration(10 * time.Minute)
	defaultSMARTTimeout  = model.Duration(30 * time.Second)
	minSMARTInterval     = model.Duration(time.Minute)
	// maxDisks bounds the entries; maxSMARTAge how old a file that smartctl's answer lies in may be, in intervals.
	maxDisks    = 64
	maxSMARTAge = 3
)

// Identity is the label of the disk: those behind one controller have one device and differ in type.
func (c *Config) Identity() (key, value string) {
	if c.Device == "" {
		return "device", ""
	}
	return "device", c.label()
}

// Most is how many entries there may be.
func (c *Config) Most() int { return maxDisks }

// SetDefaults fills what is left out.
func (c *Config) SetDefaults() {
	if len(c.Command) == 0 {
		c.Command = []string{"smartctl"}
	}
	collect.SetDefault(&c.Interval, defaultSMARTInterval)
	collect.SetDefault(&c.Timeout, defaultSMARTTimeout)
}

// Validate returns every mistake in c as invalid.Mistakes, but for those of the device.
func (c *Config) Validate() error {
	var m invalid.Mistakes
	if c.Device != "" && !filepath.IsAbs(c.Device) {
		m.Add("device", "must be an absolute path, such as /dev/sda")
	}
	if len(c.Command) > 0 && c.Command[0] == "" {
		m.Add("command[0]", "is empty; it must be a program")
	}
	if c.OutputFile != "" && !filepath.IsAbs(c.OutputFile) {
		m.Add("output_file", "must be an absolute path")
	}
	if c.Interval < minSMARTInterval {
		m.Add("interval", "must be at least %s, is %s", minSMARTInterval, c.Interval)
	}
	if c.Timeout <= 0 {
		m.Add("timeout", "must be more than 0, is %s", c.Timeout)
	}
	return m.Err()
}

// Collectors returns what is switched on.
func (c *Config) Collectors(collect.Env) ([]collect.Collector, error) {
	return []collect.Collector{newSMART(*c)}, nil
}

// Catalogue lists every metric that can be given.
func (*Config) Catalogue() []collect.Row { return newSMART(Config{}).Metrics.List("") }

// smartDisk is one disk that smartctl is asked about.
type smartDisk struct {
	cfg     Config
	label   string
	metrics smartMetrics
	known   collect.Samples // what was told before the disk went to sleep
}

// diskFolders are what names of disks begin with that the label device leaves away.
var diskFolders = regexp.MustCompile(`^/dev/(disk/by-id/|disk/by-path/)?`)

// label names the disk as smartctl_exporter does: /dev/bus/0 with megaraid,3 is bus_0_megaraid_3.
func (c *Config) label() string {
	label := strings.ReplaceAll(diskFolders.ReplaceAllString(c.Device, ""), "/", "_")
	if strings.Contains(c.Type, ",") {
		label += "_" + strings.ReplaceAll(c.Type, ",", "_")
	}
	return label
}

// newSMART returns the collector of one disk.
func newSMART(cfg Config) collect.Collector {
	var all collect.Metrics
	d := &smartDisk{cfg: cfg, label: cfg.label(), metrics: newSMARTMetrics(&all)}
	return collect.Collector{Name: "smart_" + d.label, Metrics: all, Interval: time.Duration(cfg.Interval), Timeout: time.Duration(cfg.Timeout),
		Collect: d.collect}
}

// What smartctl's exit status says of itself; its higher bits are about the disk.
const (
	smartCommandFailed = 1 << 0
	smartOpenFailed    = 1 << 1
)

func (d *smartDisk) collect(ctx context.Context, out *collect.Samples) error {
	answer, err := d.ask(ctx)
	if err != nil {
		return err
	}
	var found collect.Samples
	status := answer.number("smartctl", "exit_status")
	out.Add(d.metrics.exitStatus, status, d.label)
	if int(status)&(smartCommandFailed|smartOpenFailed) != 0 {
		complaint := answer.complaint()
		if !strings.Contains(complaint, "STANDBY") && !strings.Contains(complaint, "SLEEP") {
			return fmt.Errorf("smartctl cannot read %s: %s", d.cfg.Device, complaint)
		}
		out.Append(d.known.Metrics) // a disk is not woken for this
		return nil
	}
	d.metrics.read(answer, d.label, &found)
	d.known = found
	out.Append(found.Metrics)
	out.Dropped += found.Dropped
	return nil
}

// ask returns what smartctl says as JSON. That its exit status is not 0 is part of that.
func (d *smartDisk) ask(ctx context.Context) (smartAnswer, error) {
	var text []byte
	var failed error
	if d.cfg.OutputFile != "" {
		if text, failed = tool.ReadOutput(d.cfg.OutputFile, time.Now().Add(-maxSMARTAge*time.Duration(d.cfg.Interval))); failed != nil {
			return nil, failed
		}
	} else {
		args := append(d.cfg.Command[1:len(d.cfg.Command):len(d.cfg.Command)],
			"--json=c", "--info", "--health", "--attributes", "--log=error", "--tolerance=verypermissive", "--nocheck=standby")
		if d.cfg.Type != "" {
			args = append(args, "--device="+d.cfg.Type)
		}
		text, failed = tool.Run(ctx, d.cfg.Command[0], append(args, d.cfg.Device), nil)
	}
	var answer smartAnswer
	if err := json.Unmarshal(text, &answer); err != nil || answer["smartctl"] == nil {
		return nil, errors.Join(failed, errors.New("smartctl gave no JSON; it does from version 7.0 on"))
	}
	return answer, nil
}
