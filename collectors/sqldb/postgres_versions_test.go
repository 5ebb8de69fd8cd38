package sqldb

import (
	"cmp"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"gatewatch/internal/servicetest"
)

// startPostgres starts a PostgreSQL, as servicetest.PostgreSQL does.
type startPostgres func(t testing.TB, settings ...string) *servicetest.Server

// onEachPostgres runs test with the system's PostgreSQL, with an old one and with a new one.
func onEachPostgres(t *testing.T, test func(t *testing.T, start startPostgres)) {
	t.Parallel()
	for _, version := range append([]string{""}, servicetest.PostgreSQLVersions()...) {
		t.Run(cmp.Or(version, "system"), func(t *testing.T) {
			t.Parallel()
			test(t, func(t testing.TB, settings ...string) *servicetest.Server {
				return servicetest.PostgreSQLVersion(t, version, settings...)
			})
		})
	}
}

// majorVersion asks for the version of a server: 15.
func majorVersion(t *testing.T, conn *pgconn.PgConn) int {
	t.Helper()
	n, err := strconv.Atoi(do(t, conn, `SHOW server_version_num`))
	if err != nil {
		t.Fatal(err)
	}
	return n / 10000
}
