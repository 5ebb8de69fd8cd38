// Package collectors measures what collecting costs beside Debian's exporters, which do the like, in one run against
// real servers, and how long /metrics takes while databases are locked:
//
//	GATEWATCH_SERVERS=1 go test ./bench/collectors -bench . -benchtime 1x                                  # print
//	GATEWATCH_SERVERS=1 go test ./bench/collectors -bench . -benchtime 1x -write ../../docs/benchmarks.md  # and note
//
// It takes some four minutes and needs Linux, PostgreSQL, MariaDB, Redis, nginx and HAProxy. Exporters that are not
// installed are named, not measured.
package collectors
