package servicetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// nginxMain is what every nginx needs to run from one directory, as root or not.
const nginxMain = `daemon off;
worker_processes 1;
pid @DIR@/nginx.pid;
error_log @DIR@/error.log;
%s
events { worker_connections 256; }
http {
	client_body_temp_path @DIR@/body; proxy_temp_path @DIR@/proxy; fastcgi_temp_path @DIR@/fastcgi;
	uwsgi_temp_path @DIR@/uwsgi; scgi_temp_path @DIR@/scgi;
%s
}
`

// Nginx returns a running nginx. conf is what stands inside its http block, with @LISTEN@ for the address to listen
// on and @DIR@ for the server's directory, where its logs belong:
//
//	log_format timed '$remote_addr - … $request_time $upstream_response_time';
//	access_log @DIR@/access.log timed;
//	server { listen @LISTEN@; location / { return 200; } }
//
// Signal(syscall.SIGUSR1) makes it open its logs anew, as log rotation does. It ends with t.
func Nginx(t testing.TB, conf string) *Server {
	t.Helper()
	wanted(t)
	path := program(t, "apt-get install nginx-light", "nginx")
	dir := t.TempDir()
	s, err := newServer("nginx", dir, "/")
	if err != nil {
		t.Fatal(err)
	}
	user := ""
	if os.Geteuid() == 0 {
		// Workers of another user could not write below the test's directory.
		user = "user root;"
	}
	text := strings.NewReplacer("@DIR@", dir, "@LISTEN@", s.Addr).Replace(fmt.Sprintf(nginxMain, user, conf))
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.path = path
	s.args = []string{"-e", filepath.Join(dir, "error.log"), "-p", dir, "-c", file}
	return s.own(t)
}
