#!/bin/bash
# Builds the runnable Elasticsearch node out of Maven Central only (JDK 17+, Maven 3) into
# ${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}/elasticsearch-<version>, unless it is there
# already, built from the same recipe. Prints the directory.
set -eu
cd "$(dirname "$0")"
V=8.19.21
CACHE=${GATEWATCH_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatewatch-test}
HOME_DIR=$CACHE/elasticsearch-$V
KEY=$(cat pom.xml setup.sh start.sh config/* src/EsNode.java src/*/*.java | sha256sum | cut -d' ' -f1)
if [ "$(cat "$HOME_DIR/ready" 2>/dev/null)" = "$KEY" ]; then echo "$HOME_DIR"; exit 0; fi
for tool in java javac jar mvn; do
  command -v $tool >/dev/null || { echo "setup.sh: $tool is missing: install a JDK (17 or newer) and Maven 3" >&2; exit 1; }
done

mkdir -p "$CACHE"
B=$(mktemp -d "$CACHE/build.XXXXXX"); trap 'rm -rf "$B"' EXIT
cp -r pom.xml start.sh src config "$B/"; cd "$B"
mkdir -p srv modules/{transport-netty4,x-pack-core,x-pack-security,glue} classes classes-glue security plugins
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib >&2
mv lib/transport-netty4-*.jar lib/netty-*.jar modules/transport-netty4/
mv lib/x-pack-security-*.jar security/
cp modules/transport-netty4/*.jar modules/x-pack-security/
mv lib/x-pack-*.jar lib/unboundid* lib/http*.jar lib/commons-*.jar modules/x-pack-core/
mv lib/*.jar srv/; rmdir lib

# plugin NAME CLASS EXTENDS MODULE
plugin() {
  printf 'description=%s\nversion=%s\nname=%s\nclassname=%s\njava.version=17\nelasticsearch.version=%s\nextended.plugins=%s\nhas.native.controller=false\n' \
    "$1" $V "$1" "$2" $V "$3" > "modules/$1/plugin-descriptor.properties"
  [ -z "$4" ] || echo "modulename=$4" >> "modules/$1/plugin-descriptor.properties"
}
plugin transport-netty4 org.elasticsearch.transport.netty4.Netty4Plugin "" org.elasticsearch.transport.netty4
plugin x-pack-core org.elasticsearch.xpack.core.XPackPlugin "" org.elasticsearch.xcore
plugin x-pack-security org.elasticsearch.xpack.security.SecurityWithoutSaml x-pack-core ""
plugin glue glue.GluePlugin x-pack-core ""
javac -nowarn --module-path srv --add-modules ALL-MODULE-PATH --add-exports org.elasticsearch.server/org.elasticsearch.node=ALL-UNNAMED -d classes src/EsNode.java
javac -nowarn -cp 'srv/*:modules/x-pack-core/*' -d classes-glue src/glue/GluePlugin.java
jar cf modules/glue/glue.jar -C classes-glue .
# Security as a plain plugin: as a module it wants the libraries of SAML, and two of its services want the original class.
javac -nowarn -cp 'srv/*:modules/x-pack-core/*:security/*' -d security src/security/SecurityWithoutSaml.java
(cd security; jar xf x-pack-security-*.jar; rm x-pack-security-*.jar module-info.class META-INF/services/*{SlowLogFieldProvider,ReservedClusterStateHandlerProvider})
jar cf modules/x-pack-security/security.jar -C security .
rm -r security
echo "$KEY" > ready

rm -rf "$HOME_DIR"; mv -T "$B" "$HOME_DIR"; trap - EXIT
echo "$HOME_DIR"
