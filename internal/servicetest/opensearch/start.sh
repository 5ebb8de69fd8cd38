#!/bin/bash
# Starts the node that setup.sh built, on loopback, in the foreground. This file is run where setup.sh copied it to.
# Environment: PORT, HEAP, DATA (a directory for its data and log). Arguments: any node setting, e.g.
# http.max_content_length=256kb
set -eu
cd "$(dirname "$0")"
exec java -Xms64m -Xmx$HEAP -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp 'classes:lib/*' OsNode . \
  path.data="$DATA/data" path.logs="$DATA/logs" network.host=127.0.0.1 http.port="$PORT" transport.port=0 \
  discovery.type=single-node cluster.routing.allocation.disk.threshold_enabled=false "$@"
