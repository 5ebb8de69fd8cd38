package main

// units are what the systemd runs: a service, one that fails, one that crashes again and again, a socket and a timer.
var units = map[string]string{
	"your-critical-service-1.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n", // as a rule calls it
	"gateway.service":                 "[Service]\nExecStart=/bin/sleep infinity\n",
	"broken.service":                  "[Service]\nExecStart=/bin/false\n",
	"crashing.service":                "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=2\nExecStart=/bin/false\n",
	"pay.socket":                      "[Socket]\nListenStream=@DIR@/pay.sock\n",
	"pay.service":                     "[Service]\nExecStart=/bin/sleep infinity\n",
	"backup.service":                  "[Service]\nType=oneshot\nExecStart=/bin/true\n",
	"backup.timer":                    "[Timer]\nOnActiveSec=1\nOnUnitActiveSec=5\nAccuracySec=1\n",
}

// started are those that it starts.
var started = []string{"gateway.service", "broken.service", "crashing.service", "pay.socket", "backup.timer", "your-critical-service-1.service"}
