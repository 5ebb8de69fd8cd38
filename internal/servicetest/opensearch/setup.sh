#!/bin/bash
# Builds the runnable OpenSearch node out of Maven Central only (JDK 17+, Maven 3) into
# ${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}/opensearch-<version>, unless it is there
# already, built from the same recipe. Prints the directory.
set -eu
cd "$(dirname "$0")"
V=2.19.3
CACHE=${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}
HOME_DIR=$CACHE/opensearch-$V
KEY=$(cat pom.xml setup.sh start.sh src/OsNode.java | sha256sum | cut -d' ' -f1)
if [ "$(cat "$HOME_DIR/ready" 2>/dev/null)" = "$KEY" ]; then echo "$HOME_DIR"; exit 0; fi
for tool in java javac mvn; do
  command -v $tool >/dev/null || { echo "setup.sh: $tool is missing: install a JDK (17 or newer) and Maven 3" >&2; exit 1; }
done

mkdir -p "$CACHE"
B=$(mktemp -d "$CACHE/build.XXXXXX"); trap 'rm -rf "$B"' EXIT
cp -r pom.xml start.sh src "$B/"; cd "$B"
mkdir classes config
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >&2
javac -nowarn -cp 'lib/*' -d classes src/OsNode.java
echo "$KEY" > ready

rm -rf "$HOME_DIR"; mv -T "$B" "$HOME_DIR"; trap - EXIT
echo "$HOME_DIR"
