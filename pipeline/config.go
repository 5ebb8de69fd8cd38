package pipeline

// GroupConfig says which files are followed together and how their lines are read (an entry of logs: in the
// configuration).
type GroupConfig struct {
	// Globs of the files to follow, e.g. /var/log/gateway/*.log. Rotated siblings (x.log.1) are recognised.
	Paths []string `yaml:"paths"`
	// Format of the lines: auto, json, nginx, logback or text. auto looks at each file's first lines.
	Format string `yaml:"format"`
	// Where to start in a file never seen before: beginning or end.
	Start string `yaml:"start"`
	// Which field of this gateway holds a fact, when it is not found by itself: fact: field name,
	// e.g. provider: channel_code.
	Fields map[string]string `yaml:"fields"`
	// Labels added to every event of these files. service becomes service.name.
	Labels map[string]string `yaml:"labels"`
	// Time zone of time stamps without one, e.g. Asia/Shanghai. Empty: the host's.
	Timezone string `yaml:"timezone"`
	// Longest line, in bytes; what is beyond is cut off and counted.
	MaxLine int `yaml:"max_line_bytes"`
}
