package certificates

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/collecttest"

	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"gatewatch/internal/secret"
	"gatewatch/internal/servicetest"
)

const storePassword = "changeit-secret"

func filesCollector(t *testing.T, log *slog.Logger, entries ...FilesConfig) collect.Collector {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Files = entries
	cfg.SetDefaults()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	all, err := cfg.Collectors(collect.Env{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	all[0].Timeout = 5 * time.Minute // one that is not reached
	return all[0]
}

// jksOf returns a Java key store, as keytool writes it, with a key whose chain is given, and trusted certificates.
func jksOf(chain, trusted []*x509.Certificate) string {
	var b []byte
	text := func(s string) { b = append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...) }
	block := func(data []byte) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(data))), data...) }
	number := func(n uint32) { b = binary.BigEndian.AppendUint32(b, n) }
	cert := func(c *x509.Certificate) { text("X.509"); block(c.Raw) }
	number(0xFEEDFEED)
	number(2)
	number(uint32(len(trusted) + 1))
	number(1)
	text("gateway")
	b = binary.BigEndian.AppendUint64(b, 0)
	block([]byte("an encrypted key"))
	number(uint32(len(chain)))
	for _, c := range chain {
		cert(c)
	}
	for i, c := range trusted {
		number(2)
		text(fmt.Sprint("trusted", i))
		b = binary.BigEndian.AppendUint64(b, 0)
		cert(c)
	}
	return string(append(b, make([]byte, 20)...)) // the digest over the password
}

func TestTLSFileKinds(t *testing.T) {
	t.Parallel()
	root := collecttest.NewAuthority(t, "Root", nil)
	leaf := collecttest.Certify(t, root, collecttest.ForLoopback())
	p12, err := pkcs12.Modern.Encode(leaf.Key, leaf.Cert, []*x509.Certificate{root.Cert}, storePassword)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{root.Cert}, storePassword)
	if err != nil {
		t.Fatal(err)
	}
	jks := jksOf([]*x509.Certificate{leaf.Cert, root.Cert}, []*x509.Certificate{root.Cert})
	dir := t.TempDir()
	f := func(t *testing.T, name, content string, wantError bool, want ...string) {
		t.Helper()
		path := collecttest.Write(t, dir, name, content)
		var log bytes.Buffer
		text := collecttest.Collect(t, filesCollector(t, slog.New(slog.NewTextHandler(&log, nil)),
			FilesConfig{Name: "n", Paths: []string{path}, Password: storePassword, Source: "provider", Provider: "wechatpay"}))
		labels := fmt.Sprintf(`filename=%q,filepath=%q`, name, path)
		lines := []string{fmt.Sprintf(`x509_cert_error{%s,name="n",provider="wechatpay",source="provider"} %v`, labels, collect.Bool(wantError)),
			`gatewatch_collector_success{collector="tls_files"} 1`}
		for _, subject := range want {
			cert := map[string]*x509.Certificate{"pay.example.com": leaf.Cert, "Root": root.Cert}[subject]
			lines = append(lines, fmt.Sprintf(`x509_cert_not_after{%s,issuer_CN="Root",name="n",provider="wechatpay",serial_number="%s",source="provider",subject_CN=%q} %s`,
				labels, cert.SerialNumber, subject, collecttest.Seconds(cert.NotAfter)))
		}
		collecttest.WantLines(t, text, lines...)
		if n := strings.Count(text, "x509_cert_not_after{"); n != len(want) {
			t.Errorf("%s has %d certificates, want %d:\n%s", name, n, len(want), text)
		}
		if strings.Contains(log.String()+text, storePassword) || wantError != strings.Contains(log.String(), path) {
			t.Errorf("%s: the log is\n%s", name, log.String())
		}
	}
	f(t, "chain.pem", collecttest.KeyPEM(t, leaf)+"some text\n"+collecttest.PemOf(leaf.Cert, root.Cert), false, "pay.example.com", "Root")
	f(t, "twice.pem", collecttest.PemOf(leaf.Cert, leaf.Cert), false, "pay.example.com")
	f(t, "one.der", string(leaf.Cert.Raw), false, "pay.example.com")
	f(t, "store.p12", string(p12), false, "pay.example.com", "Root")
	f(t, "trust.p12", string(trust), false, "Root")
	f(t, "store.jks", jks, false, "pay.example.com", "Root")
	f(t, "cut.jks", jks[:len(jks)-400], true)
	f(t, "greedy.jks", "\xfe\xed\xfe\xed\x00\x00\x00\x02\xff\xff\xff\xff\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff", true)
	f(t, "cut.p12", string(p12[:200]), true)
	f(t, "broken.pem", strings.Replace(collecttest.PemOf(leaf.Cert), "MII", "AAA", 1), true)
	f(t, "key.pem", collecttest.KeyPEM(t, leaf), true)
	f(t, "empty.pem", "", true)
	f(t, "text.pem", "nonsense", true)
	f(t, "huge.pem", strings.Repeat("x", maxCertFile+1), true)
}

// TestTLSFilesErrors shows what an unreadable file says.
func TestTLSFilesErrors(t *testing.T) {
	t.Parallel()
	root := collecttest.NewAuthority(t, "Root", nil)
	p12, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{root.Cert}, "another")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(t *testing.T, path, want string) {
		t.Helper()
		var log bytes.Buffer
		c := filesCollector(t, slog.New(slog.NewTextHandler(&log, nil)), FilesConfig{Name: "n", Paths: []string{path}, Password: secret.Secret(storePassword)})
		collecttest.Collect(t, c)
		collecttest.Collect(t, c)
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, want) {
			t.Errorf("%s, looked at twice, is logged as\n%swant one line with %q", path, got, want)
		}
	}
	f(t, filepath.Join(dir, "missing.pem"), "missing.pem: no such file or directory")
	f(t, pipe, "is no regular file")
	f(t, dir, "is no regular file")
	f(t, collecttest.Write(t, dir, "other.p12", string(p12)), "other.p12: the password is wrong")
	f(t, collecttest.Write(t, dir, "text.pem", "nonsense"), "text.pem: is neither PEM, DER, PKCS#12 nor JKS")
}

// TestTLSFilesDamaged reads chains of which one certificate is damaged, which hides no certificate; and one that an editor wrote.
func TestTLSFilesDamaged(t *testing.T) {
	t.Parallel()
	root := collecttest.NewAuthority(t, "Root", nil)
	leaf := collecttest.PemOf(collecttest.Certify(t, root, collecttest.ForLoopback()).Cert)
	above := collecttest.PemOf(root.Cert)
	f := func(name, text string, wantCertificates int) {
		t.Helper()
		path := collecttest.Write(t, t.TempDir(), "chain.pem", text)
		got := collecttest.Collect(t, filesCollector(t, collecttest.Quiet(), FilesConfig{Name: "pay", Paths: []string{path}}))
		errors := 0
		if wantCertificates == 0 {
			errors = 1
		}
		wantError := fmt.Sprintf("} %d", errors)
		if n := strings.Count(got, "\nx509_cert_not_after{"); n != wantCertificates || !strings.HasSuffix(strings.TrimSpace(collecttest.SamplesOf(got, "x509_cert_error")), wantError) {
			t.Errorf("%s: %d certificates, want %d, in\n%s", name, n, wantCertificates, got)
		}
	}
	f("whole", leaf+above, 2)
	f("byte order mark", "\ufeff"+leaf+above, 2)
	f("lines of Windows", strings.ReplaceAll(leaf+above, "\n", "\r\n"), 2)
	f("first damaged", strings.Replace(leaf, "\nMI", "\n!!", 1)+above, 0)
	f("last cut off", leaf+above[:len(above)/2], 0)
}

func TestTLSFilesPattern(t *testing.T) {
	t.Parallel()
	root := collecttest.NewAuthority(t, "Root", nil)
	first, second := collecttest.Certify(t, root, collecttest.ForLoopback()), collecttest.Certify(t, root, collecttest.ForLoopback())
	dir := t.TempDir()
	a, b := collecttest.Write(t, dir, "a.pem", collecttest.PemOf(first.Cert)), collecttest.Write(t, dir, "b.pem", "nonsense")
	collecttest.Write(t, dir, "c.pem", collecttest.KeyPEM(t, first)) // a key beside certificates is in order
	if err := os.Mkdir(filepath.Join(dir, "d.pem"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := filesCollector(t, collecttest.Quiet(),
		FilesConfig{Name: "all", Paths: []string{filepath.Join(dir, "*.pem"), a}, Source: "client"},
		FilesConfig{Name: "none", Paths: []string{filepath.Join(dir, "*.crt")}})
	text := collecttest.Collect(t, c)
	collecttest.WantLines(t, text, `tls_files_found{name="all"} 1`, `tls_files_found{name="none"} 0`,
		fmt.Sprintf(`x509_cert_error{filename="a.pem",filepath=%q,name="all",provider="",source="client"} 0`, a),
		fmt.Sprintf(`x509_cert_error{filename="b.pem",filepath=%q,name="all",provider="",source="client"} 1`, b),
		fmt.Sprintf(`tls_cert_changes_total{filename="a.pem",filepath=%q,name="all"} 0`, a))
	if n := strings.Count(text, "x509_cert_error{"); n != 2 {
		t.Errorf("%d files are told, want 2: the key and the folder are no mistakes\n%s", n, text)
	}
	collecttest.Write(t, dir, "a.pem", collecttest.PemOf(second.Cert, root.Cert))
	collecttest.WantLines(t, collecttest.Collect(t, c), fmt.Sprintf(`tls_cert_changes_total{filename="a.pem",filepath=%q,name="all"} 1`, a))
	if err := os.Remove(b); err != nil {
		t.Fatal(err)
	}
	if text := collecttest.Collect(t, c); strings.Contains(text, "b.pem") {
		t.Errorf("a file that went away is still told:\n%s", text)
	}
}

// TestTLSFilesTooMany shows that a folder of thousands of certificates is bounded, and that this is counted.
func TestTLSFilesTooMany(t *testing.T) {
	t.Parallel()
	root := collecttest.NewAuthority(t, "Root", nil)
	dir := t.TempDir()
	for i := range maxFilesPerEntry + 3 {
		collecttest.Write(t, dir, fmt.Sprintf("%04d.pem", i), collecttest.PemOf(root.Cert))
	}
	text := collecttest.Collect(t, filesCollector(t, collecttest.Quiet(), FilesConfig{Name: "n", Paths: []string{filepath.Join(dir, "*")}}))
	collecttest.WantLines(t, text, fmt.Sprintf(`tls_files_found{name="n"} %d`, maxFilesPerEntry), `gatewatch_collector_dropped_samples_total{collector="tls_files"} 3`)
}

// TestTLSFilesKeytool reads what Java's own keytool writes: both kinds of stores, with a key and with trusted certificates.
func TestTLSFilesKeytool(t *testing.T) {
	t.Parallel()
	keytool := servicetest.Program(t, "apt-get install default-jdk-headless", "keytool")
	root := collecttest.NewAuthority(t, "Root", nil)
	dir := t.TempDir()
	ca := collecttest.Write(t, dir, "ca.pem", collecttest.PemOf(root.Cert))
	run := func(args ...string) {
		t.Helper()
		args = append(args, "-storepass", storePassword, "-noprompt")
		if out, err := exec.CommandContext(t.Context(), keytool, args...).CombinedOutput(); err != nil {
			t.Fatalf("keytool %q: %v\n%s", args, err, out)
		}
	}
	f := func(t *testing.T, kind, name string, subjects ...string) {
		t.Helper()
		store := filepath.Join(dir, name)
		for _, subject := range subjects {
			if subject == "Root" {
				run("-importcert", "-alias", "root", "-file", ca, "-storetype", kind, "-keystore", store)
				continue
			}
			run("-genkeypair", "-alias", subject, "-dname", "CN="+subject, "-keyalg", "EC", "-validity", "30", "-storetype", kind, "-keystore", store, "-keypass", storePassword)
		}
		text := collecttest.SamplesOf(collecttest.Collect(t, filesCollector(t, collecttest.Quiet(), FilesConfig{Name: "n", Paths: []string{store}, Password: storePassword})), "x509_")
		for _, subject := range subjects {
			if !strings.Contains(collecttest.SamplesOf(text, "x509_cert_not_after"), fmt.Sprintf("subject_CN=%q", subject)) {
				t.Errorf("%s lacks %s:\n%s", name, subject, text)
			}
		}
	}
	f(t, "JKS", "mixed.jks", "gateway", "Root")
	f(t, "PKCS12", "mixed.p12", "gateway", "Root")
	f(t, "PKCS12", "keys.p12", "first", "second")
	f(t, "PKCS12", "trust.p12", "Root")
}

func FuzzParseCertificates(f *testing.F) {
	f.Add([]byte(jksOf(nil, nil)))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"))
	f.Add([]byte{0x30, 0x82, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		certs, err := parseCertificates(data, "")
		if err == nil {
			for _, c := range certs {
				if c == nil {
					t.Errorf("parseCertificates(%q) has a nil certificate", data)
				}
			}
		}
	})
}
