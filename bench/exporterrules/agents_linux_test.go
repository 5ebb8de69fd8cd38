package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gatewatch/internal/servicetest"
)

// everything is what the agent collects: the host it runs on, the servers, and what is in files.
const everything = `
collectors:
  interval: 2s
  host: {textfile_dir: %[1]s}
  processes: {interval: 2s, dbus: %[2]q, groups: [{name: nginx, executable: nginx}, {name: postgres, executable: postgres}], units: ["*"]}
  postgres:
    - {name: orders, interval: 2s, dsn: "postgres://gatewatch:p@%[3]s/orders?sslmode=disable", bloat: {window: "00:00-23:59"}}
    - {name: standby, interval: 2s, dsn: "postgres://gatewatch:p@%[4]s/orders?sslmode=disable"}
    - {name: pooled, interval: 2s, dsn: "postgres://gatewatch:p@%[5]s/orders?sslmode=disable"}
  mysql:
    - {name: wallet, interval: 2s, dsn: "gatewatch:p@tcp(%[6]s)/"}
    - {name: replica, interval: 2s, dsn: "gatewatch:p@tcp(%[7]s)/"}
    - {name: galera, interval: 2s, dsn: "gatewatch:p@tcp(%[8]s)/"}
  redis:
    - {name: cache, interval: 2s, dsn: "redis://gatewatch:p@%[9]s"}
    - {name: copied, interval: 2s, dsn: "redis://gatewatch:p@%[10]s"}
    - {name: cluster, interval: 2s, dsn: "redis://gatewatch:p@%[11]s"}
    - {name: sentinel, interval: 2s, dsn: "redis://%[12]s"}
  mongodb:
    - {name: ferret, interval: 2s, dsn: %[13]q}
    - {name: ledger, interval: 2s, dsn: "mongodb://gatewatch:p@%[22]s/?authSource=admin"}
    - {name: copied, interval: 2s, dsn: "mongodb://gatewatch:p@%[23]s/?authSource=admin"}
  nginx: [{name: gateway, interval: 2s, status_url: "http://%[14]s/stub_status"}]
  haproxy: [{name: edge, interval: 2s, url: "unix://%[15]s"}]
  probes:
    - {name: web, interval: 2s, url: "http://%[14]s/"}
    - {name: secure, interval: 2s, url: "%[16]s", ca_file: %[18]q}
    - {name: ping, interval: 2s, url: "icmp://127.0.0.1"}
  tls: {interval: 10s, endpoints: [{name: pay, address: "%[17]s", ca_file: %[18]q}]}
  smart: [{device: /dev/nvme0, output_file: %[19]q}, {device: /dev/sda, output_file: %[20]q}]
  scrapes: [%[21]s]
`

// hardware is what another agent collects: a host of files, laid out as a kernel lays out those of hardware that virtual
// machines have not.
const hardware = `
collectors:
  interval: 2s
  processes: null
  posture: null
  host: {proc: %[1]q, sys: %[2]q}
`

const frame = `
data_dir: %s
http: {listen: %q}
logs: [{paths: [%q]}]
alerting: {packs: []}
series: {interval: 2s}
%s`

// The answers of smartctl 7.3 to --json --all, of which the collector reads this much.
const (
	nvmeDisk = `{"smartctl":{"version":[7,3],"exit_status":0},"device":{"name":"/dev/nvme0","type":"nvme","protocol":"NVMe"},
"model_name":"Example 1TB","serial_number":"S1","smart_status":{"passed":true},"temperature":{"current":41},
"nvme_smart_health_information_log":{"critical_warning":0,"temperature":41,"available_spare":100,"available_spare_threshold":10,
"percentage_used":3,"data_units_read":1000,"data_units_written":2000,"power_cycles":7,"power_on_hours":900,"unsafe_shutdowns":1,"media_errors":0,
"num_err_log_entries":0},"power_on_time":{"hours":900},"power_cycle_count":7}`
	sataDisk = `{"smartctl":{"version":[7,3],"exit_status":0},"device":{"name":"/dev/sda","type":"sat","protocol":"ATA"},
"model_name":"Example 4TB","serial_number":"S2","smart_status":{"passed":true},"temperature":{"current":33,"drive_trip":65},
"interface_speed":{"max":{"sata_value":14,"string":"6.0 Gb/s","units_per_second":60,"bits_per_unit":100000000},
"current":{"sata_value":3,"string":"6.0 Gb/s","units_per_second":60,"bits_per_unit":100000000}},"power_on_time":{"hours":9000},"power_cycle_count":70}`
)

// startAgents returns the addresses of an agent that collects everything, and of one on a host of files.
func startAgents(b *testing.B, s *servers, scrapes string) (real, files string) {
	b.Helper()
	dir := b.TempDir()
	binary := filepath.Join(dir, "gatewatch")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "gatewatch/agent").CombinedOutput(); err != nil {
		b.Fatalf("build the agent: %v\n%s", err, out)
	}
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		return path
	}
	put("own.prom", "# TYPE own_total counter\nown_total 7\n")
	section := fmt.Sprintf(everything, dir, s.systemd, s.postgres.Addr, s.standby.Addr, s.pgbouncer.Addr, s.mariadb.Addr, s.replica.Addr, s.galera.Addr,
		s.redis.Addr, s.copied.Addr, s.cluster.Addr, s.sentinel.Addr,
		"mongodb://"+servicetest.Admin+":"+servicetest.Password+"@"+s.ferretdb.Addr+"/?authSource=admin",
		s.nginx.Addr, filepath.Join(s.haproxy.Dir, "s"), s.tls.url, s.tls.address, s.tls.ca, put("nvme0.json", nvmeDisk), put("sda.json", sataDisk), scrapes,
		s.mongodb[0].Addr, s.mongodb[1].Addr)
	host, err := filepath.Abs(*kernelFiles)
	if err != nil {
		b.Fatal(err)
	}
	run := func(name, section string) string {
		listen := free(b)
		config := put(name+".yml", fmt.Sprintf(frame, filepath.Join(dir, name), listen, filepath.Join(dir, "*.log"), section))
		launch(b, name, "http://"+listen+"/metrics", exec.Command(binary, "run", "-config", config))
		return "http://" + listen
	}
	return run("agent", section), run("hardware", fmt.Sprintf(hardware, filepath.Join(host, "proc"), filepath.Join(host, "sys")))
}

// launch starts a program that ends with b, and waits until its page answers.
func launch(b *testing.B, name, page string, cmd *exec.Cmd) {
	b.Helper()
	log, err := os.Create(filepath.Join(b.TempDir(), name+".log"))
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	ended, err := servicetest.Start(cmd)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Kill(); <-ended })
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if answersAt(page) {
			return
		}
		select {
		case <-ended:
			deadline = time.Now()
		default:
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(log.Name())
			b.Fatalf("%s does not answer: %s", name, said)
		}
	}
}
