#!/bin/bash
# Builds FerretDB, a server that speaks MongoDB's protocol and keeps its data in SQLite, out of Go modules only (without cgo) into
# ${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}/ferretdb-<version>, unless it is there already, built
# from the same recipe. Prints the directory. It is for what needs a server that starts at once or shows TLS; for a mongod see ../mongodb.
set -eu
cd "$(dirname "$0")"
V=1.23.0
CACHE=${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}
HOME_DIR=$CACHE/ferretdb-$V
KEY=$(cat go.mod go.sum setup.sh | sha256sum | cut -d' ' -f1)
if [ "$(cat "$HOME_DIR/ready" 2>/dev/null)" = "$KEY" ]; then echo "$HOME_DIR"; exit 0; fi
command -v go >/dev/null || { echo "setup.sh: go is missing: install Go 1.26 or newer" >&2; exit 1; }

mkdir -p "$CACHE"
B=$(mktemp -d "$CACHE/build.XXXXXX"); trap 'rm -rf "$B"' EXIT
cp go.mod go.sum "$B/"; cd "$B"
go mod vendor >&2
# A release of FerretDB is built with this file, which the module lacks; without it the program ends at once.
echo "v$V" > vendor/github.com/FerretDB/FerretDB/build/version/version.txt
# -trimpath would have it end, too: its log wants absolute paths.
CGO_ENABLED=0 go build -mod=vendor -trimpath=false -ldflags "-s -w" -tags ferretdb_no_postgresql -o ferretdb \
  github.com/FerretDB/FerretDB/cmd/ferretdb >&2
rm -rf vendor go.mod go.sum
./ferretdb --version >&2
echo "$KEY" > ready

rm -rf "$HOME_DIR"; mv -T "$B" "$HOME_DIR"; trap - EXIT
echo "$HOME_DIR"
