// Package importrules holds the test that keeps the packages apart: who may import whom, which package alone knows
// Elasticsearch, Slack, Prometheus' engine or the host, and how large a file may grow. The tables are in rules.go; a
// new folder gets its place there.
package importrules
