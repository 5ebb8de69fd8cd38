#!/bin/bash
# Starts the node that setup.sh built, on loopback, in the foreground. This file is run where setup.sh copied it to.
# Environment: PORT (9200), HEAP (512m), DATA (default: a temporary directory, removed at the end), JOPTS.
# Arguments: any node setting, e.g. http.max_content_length=256kb indexing_pressure.memory.limit=1mb
set -u
cd "$(dirname "$0")"
PORT=${PORT:-9200}; HEAP=${HEAP:-512m}; OWN=; [ -n "${DATA:-}" ] || { DATA=$(mktemp -d -t esnode.XXXXXX); OWN=1; }
java -Xms64m -Xmx$HEAP -XX:+UseSerialGC -XX:TieredStopAtLevel=1 ${JOPTS:-} \
  --module-path srv --add-modules=ALL-MODULE-PATH,jdk.net --add-exports org.elasticsearch.server/org.elasticsearch.node=ALL-UNNAMED \
  --add-exports org.elasticsearch.server/org.elasticsearch.plugins.interceptor=ALL-UNNAMED -cp classes EsNode . path.data="$DATA/data" path.logs="$DATA/logs" network.host=127.0.0.1 http.port="$PORT" transport.port=0 \
  discovery.type=single-node xpack.security.enabled=false cluster.routing.allocation.disk.threshold_enabled=false "$@" &
P=$!; trap 'kill $P 2>/dev/null' TERM INT
wait $P; while kill -0 $P 2>/dev/null; do wait $P; done
[ -z "$OWN" ] || rm -rf "$DATA"
