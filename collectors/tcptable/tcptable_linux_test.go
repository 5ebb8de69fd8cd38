package tcptable_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatewatch/collectors/tcptable"
)

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// tables returns a folder with the texts as tables of IPv4 and IPv6; "" for none.
func tables(t testing.TB, v4, v6 string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "net"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"tcp": v4, "tcp6": v6} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "net", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func line(local, state string, inode int) string {
	return fmt.Sprintf("   0: %s 00000000:0000 %s 00000002:0000000A 00:00000000 00000000  1000        0 %d 1 0000000000000000 100 0 0 10 0\n", local, state, inode)
}

func TestListeners(t *testing.T) {
	t.Parallel()
	v4 := head + line("00000000:0016", "0A", 1) + line("0100007F:1F90", "03", 2) + line("0100007F:1F90", "0A", 3) +
		strings.Repeat(line("0100007F:9C40", "01", 4), 10_000) + line("00000000:0050", "0A", 5)
	v6 := head + line("00000000000000000000000000000000:0016", "0A", 6) + line("B80D0120000000000000000001000000:01BB", "0A", 7) +
		line("0000000000000000FFFF000000000000:0051", "0A", 8)
	found, err := tcptable.Listeners(tables(t, v4, v6))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range found {
		got = append(got, fmt.Sprint(s.Local, " ", s.Inode))
	}
	// The one behind ten thousand connections is none of Linux.
	want := []string{"0.0.0.0:22 1", "127.0.0.1:8080 3", "[::]:22 6", "[2001:db8::1]:443 7", "0.0.0.0:81 8"}
	if !slices.Equal(got, want) {
		t.Errorf("Listeners() = %q, want %q", got, want)
	}
}

func TestEach(t *testing.T) {
	t.Parallel()
	dir := tables(t, head+line("0100007F:1F90", "01", 2)+line("0100007F:1F90", "06", 0), "")
	number, waiting := map[uint64]int{}, uint64(0)
	if err := tcptable.Each(dir, func(s tcptable.Socket) { number[s.State]++; waiting += s.TxQueue*100 + s.RxQueue }); err != nil {
		t.Fatal(err)
	}
	if number[1] != 1 || number[6] != 1 || waiting != 2*210 {
		t.Errorf("states %v and %d waiting, want one of 1 and 6 and 420", number, waiting)
	}
	for _, wrong := range []string{"nonsense", line("0100007F:1F9G", "01", 2), line("0100007F", "01", 2), line("010000:0001", "01", 2), strings.Repeat("x", 5000)} {
		if err := tcptable.Each(tables(t, head+wrong, ""), func(tcptable.Socket) {}); err == nil {
			t.Errorf("Each of %.40q is no error", wrong)
		}
	}
}

// TestListenersReal asks this host.
func TestListenersReal(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("%s cannot be listened on: %v", address, err)
		}
		defer l.Close()
		found, err := tcptable.Listeners("/proc")
		if err != nil {
			t.Fatal(err)
		}
		want := netip.MustParseAddrPort(l.Addr().String())
		if !slices.ContainsFunc(found, func(s tcptable.Socket) bool { return s.Local == want && s.State == tcptable.Listen && s.Inode > 0 }) {
			t.Errorf("Listeners() lacks %v: %v", want, found)
		}
	}
}

func FuzzEach(f *testing.F) {
	f.Add(head + line("0100007F:1F90", "01", 2))
	f.Fuzz(func(t *testing.T, text string) {
		_ = tcptable.Each(tables(t, text, ""), func(s tcptable.Socket) {
			if !s.Local.Addr().IsValid() {
				t.Errorf("a socket without an address in %q", text)
			}
		})
	})
}
