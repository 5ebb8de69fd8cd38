package servicetest

import (
	"os"
	"path/filepath"
	"testing"
)

// Alertmanagers returns n running members of one Alertmanager cluster with the configuration config. A member that has
// something to tell waits a second for each member before it, which is less than usual. They end with t.
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
		gossip, err := newServer("alertmanager", dir, "")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "alertmanager.yml")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		s.path = path
		s.args = append([]string{
			"--config.file=" + file, "--storage.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + s.Addr,
			"--cluster.listen-address=" + gossip.Addr, "--cluster.peer-timeout=1s", "--cluster.settle-timeout=5s",
		}, peers...)
		peers = append(peers, "--cluster.peer="+gossip.Addr)
		members = append(members, s.own(t))
	}
	return members
}
