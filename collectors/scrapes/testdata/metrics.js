// What prom-client's default metrics tell, by Node's own measurements.
const http = require('http');
const { monitorEventLoopDelay } = require('perf_hooks');
const lag = monitorEventLoopDelay({ resolution: 10 });
lag.enable();
const server = http.createServer((request, response) => {
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
  response.end(`# HELP process_cpu_user_seconds_total Total user CPU time spent in seconds.
# TYPE process_cpu_user_seconds_total counter
process_cpu_user_seconds_total ${cpu.user / 1e6}

# HELP process_resident_memory_bytes Resident memory size in bytes.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes ${memory.rss}

# HELP nodejs_eventloop_lag_p99_seconds The 99th percentile of the recorded event loop delays.
# TYPE nodejs_eventloop_lag_p99_seconds gauge
nodejs_eventloop_lag_p99_seconds ${lag.percentile(99) / 1e9}

# HELP nodejs_heap_size_used_bytes Process heap size used from Node.js in bytes.
# TYPE nodejs_heap_size_used_bytes gauge
nodejs_heap_size_used_bytes ${memory.heapUsed}

# HELP nodejs_version_info Node.js version info.
# TYPE nodejs_version_info gauge
nodejs_version_info{version="${process.version}",major="${process.versions.node.split('.')[0]}"} 1
`);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/metrics`));
