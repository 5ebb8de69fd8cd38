package mongodb

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gatewatch/collectors/collecttest"
	"gatewatch/internal/servicetest"
)

// ferretDSN returns the DSN of FerretDB at addr with its user and the password.
func ferretDSN(addr, password string) string {
	return fmt.Sprintf("mongodb://%s:%s@%s/?authSource=admin", servicetest.Admin, url.QueryEscape(password), addr)
}

func mongoLabelsAt(addr string) string { return fmt.Sprintf(`{instance=%q,name="main"} `, addr) }

// TestFerretDB asks a server that keeps data and knows users, but has little of what a mongod tells about itself.
func TestFerretDB(t *testing.T) {
	t.Parallel()
	s := servicetest.FerretDB(t)
	w := watchMongo(t, ferretDSN(s.Addr, servicetest.Password), 0)
	own, part := mongoLabelsAt(s.Addr), `gatewatch_collector_part_success{collector="mongodb_main",part=`
	text := w.Collect(t)
	collecttest.Expect(t, text, "mongodb_up"+own+"1", "mongodb_ss_uptime"+own, part+`"status"} 1`, part+`"oplog"} 1`,
		part+`"replset"} 0`, part+`"operations"} 0`)
	t.Logf("what FerretDB tells:\n%s\n%s", collecttest.SamplesOf(text, "mongodb_"), w.Log)

	s.Kill()
	w.AllDue()
	collecttest.Expect(t, w.CollectOnce(t), "mongodb_up"+own+"0")
	s.Restart(t)
	w.Await(t, "mongodb_up"+own+"1", "mongodb_ss_uptime"+own, part+`"status"} 1`)
	if log := w.Log.String(); strings.Contains(log, servicetest.Password) {
		t.Errorf("the log says %s", log)
	}
}

// TestFerretDBRefuses comes with a wrong password and with none.
func TestFerretDBRefuses(t *testing.T) {
	t.Parallel()
	s := servicetest.FerretDB(t)
	own := mongoLabelsAt(s.Addr)
	wrong := watchMongo(t, ferretDSN(s.Addr, "tell-nobody"), 0)
	collecttest.Expect(t, wrong.Collect(t), "mongodb_up"+own+"0")
	if log := wrong.Log.String(); !strings.Contains(log, "check user, password and authSource") || strings.Contains(log, "tell-nobody") {
		t.Errorf("the log says %s, want what to do and no password", log)
	}
	nobody := watchMongo(t, s.URL, 0)
	if text := nobody.Collect(t); strings.Contains(text, "mongodb_ss_") {
		t.Errorf("without a user it tells %s", collecttest.SamplesOf(text, "mongodb_ss_"))
	}
}

// TestFerretDBFreezes stops a server that was answering.
func TestFerretDBFreezes(t *testing.T) {
	t.Parallel()
	s := servicetest.FerretDB(t)
	w, own := watchMongo(t, ferretDSN(s.Addr, servicetest.Password), time.Second), mongoLabelsAt(s.Addr)
	w.Await(t, "mongodb_up"+own+"1")
	s.Freeze(t)
	w.AllDue()
	collecttest.Expect(t, w.CollectOnce(t), "mongodb_up"+own+"0")
	if err := s.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	w.Await(t, "mongodb_up"+own+"1")
}

// TestFerretDBTLS has it show a certificate that an authority of the DSN signed, and one that nobody knows.
func TestFerretDBTLS(t *testing.T) {
	t.Parallel()
	ca, dir, secure := collecttest.NewAuthority(t, "MongoDB CA", nil), t.TempDir(), collecttest.FreeAddress(t)
	leaf := collecttest.Certify(t, ca, collecttest.ForLoopback())
	cert, key := collecttest.Write(t, dir, "cert.pem", collecttest.PemOf(leaf.Cert)), collecttest.Write(t, dir, "key.pem", collecttest.KeyPEM(t, leaf))
	roots := collecttest.Write(t, dir, "ca.pem", collecttest.PemOf(ca.Cert))
	servicetest.FerretDB(t, "--listen-tls="+secure, "--listen-tls-cert-file="+cert, "--listen-tls-key-file="+key)
	dsn, own := ferretDSN(secure, servicetest.Password), mongoLabelsAt(secure)
	known := watchMongo(t, dsn+"&tls=true&tlsCAFile="+url.QueryEscape(roots), 0)
	known.Await(t, "mongodb_up"+own+"1", "mongodb_ss_uptime"+own)
	// The file of the authorities is replaced while nobody restarts the agent.
	renewed := collecttest.Write(t, dir, "renewed.pem", collecttest.PemOf(collecttest.NewAuthority(t, "Another CA", nil).Cert))
	late := watchMongo(t, dsn+"&tls=true&tlsCAFile="+url.QueryEscape(renewed), 2*time.Second)
	collecttest.Expect(t, late.CollectOnce(t), "mongodb_up"+own+"0")
	collecttest.Write(t, dir, "renewed.pem", collecttest.PemOf(ca.Cert))
	late.Await(t, "mongodb_up"+own+"1")
	collecttest.Expect(t, watchMongo(t, dsn+"&tls=true", 2*time.Second).CollectOnce(t), "mongodb_up"+own+"0")
	collecttest.Expect(t, watchMongo(t, dsn, 2*time.Second).CollectOnce(t), "mongodb_up"+own+"0")
}

// relay returns the address of a relay to target, and functions that tell how many connections came and how many bytes
// went through it.
func relay(t *testing.T, target string) (addr string, came, bytes func() int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var n, size atomic.Int64
	pass := func(to, from net.Conn) {
		defer to.Close()
		io.Copy(io.MultiWriter(to, countingWriter{&size}), from)
	}
	go func() {
		for {
			down, err := l.Accept()
			if err != nil {
				return
			}
			n.Add(1)
			up, err := net.Dial("tcp", target)
			if err != nil {
				down.Close()
				continue
			}
			go pass(up, down)
			go pass(down, up)
		}
	}()
	return l.Addr().String(), n.Load, size.Load
}

type countingWriter struct{ n *atomic.Int64 }

func (w countingWriter) Write(p []byte) (int, error) { w.n.Add(int64(len(p))); return len(p), nil }

// TestFerretDBConnections counts what comes to the server: the connection that asks, and the driver's own.
func TestFerretDBConnections(t *testing.T) {
	t.Parallel()
	s := servicetest.FerretDB(t)
	const rounds = 10
	// After an answer that came too late there is another connection, which is as it should be: that is no test.
	late := -1
	for end := time.Now().Add(3 * time.Minute); late != 0 && time.Now().Before(end); {
		addr, came, bytes := relay(t, s.Addr)
		w, own := watchMongo(t, ferretDSN(addr, servicetest.Password), 0), mongoLabelsAt(addr)
		collecttest.Expect(t, w.Collect(t), "mongodb_up"+own+"1")
		before := bytes()
		for range rounds {
			w.AllDue()
			collecttest.Expect(t, w.Collect(t), "mongodb_up"+own+"1")
		}
		if late = w.Late(); late == 0 {
			if n := came(); n != 2 {
				t.Errorf("%d connections came, want 2", n)
			}
			t.Logf("%d bytes a collection in which every part asks", (bytes()-before)/rounds)
		}
	}
	if late != 0 {
		t.Error("each time an answer came too late")
	}
}
