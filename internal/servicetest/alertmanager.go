package servicetest

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// AlertmanagerWait is how long each member of a cluster that has something to tell waits for the one before it: less than
// the usual 15 s, and long enough for a busy machine, on which both would tell people otherwise. A group_interval must be
// longer, or one member tells of the end before the other is done with the beginning.
const AlertmanagerWait = 8 * time.Second

// Alertmanagers returns n running members of one Alertmanager cluster with the configuration config. They end with t.
func Alertmanagers(t testing.TB, n int, config string) []*Server {
	t.Helper()
	wanted(t)
	path := program(t, "apt-get install prometheus-alertmanager", "prometheus-alertmanager", "alertmanager")
	var members []*Server
	var peers []string
	for range n {
		dir := t.TempDir()
		s, err := newServer("alertmanager", dir, "/-/ready")
		if err != nil {
			t.Fatal(err)
		}
		gossip := FreeAddress(t)
		file := filepath.Join(dir, "alertmanager.yml")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		s.path = path
		s.args = append([]string{
			"--config.file=" + file, "--storage.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + s.Addr,
			"--cluster.listen-address=" + gossip, "--cluster.peer-timeout=" + AlertmanagerWait.String(), "--cluster.settle-timeout=5s",
		}, peers...)
		peers = append(peers, "--cluster.peer="+gossip)
		members = append(members, s.own(t))
	}
	return members
}
