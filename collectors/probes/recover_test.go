package probes

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"gatewatch/collectors/collecttest"
)

// TestProbeRecovers probes a server that accepts and says nothing, and probes it again once it speaks: what hung has ended
// with its probe.
func TestProbeRecovers(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Listener.Close()
	srv.Listener = l
	t.Cleanup(srv.Close)
	// Servers of httptest share a certificate, which one tells that runs.
	known := httptest.NewTLSServer(nil)
	t.Cleanup(known.Close)
	c := validProbe(t, Config{URL: "https://" + l.Addr().String(), CAFile: caFile(t, known.Certificate().Raw), Timeout: model.Duration(time.Minute)}, collecttest.Quiet())
	probe := func(timeout time.Duration) float64 {
		t.Helper()
		c.Timeout = timeout
		return samplesByName(t, collecttest.SamplesOf(collecttest.Collect(t, c), "probe"))["probe_success"]
	}
	if probe(200*time.Millisecond) != 0 {
		t.Error("a server that says nothing is a success")
	}
	mute, err := l.Accept() // and is kept: the server goes on saying nothing on this connection
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mute.Close() })
	srv.StartTLS()
	if probe(time.Minute) != 1 {
		t.Error("the server answers again, and the probe does not see it")
	}
	if err := mute.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 64<<10)
	for err == nil {
		_, err = mute.Read(buf)
	}
	if slow, ok := err.(net.Error); ok && slow.Timeout() {
		t.Error("the connection of a probe that is over stays open")
	}
}
