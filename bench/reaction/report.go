package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"gatewatch/internal/marked"
)

// report prints how long each contender took, and puts it into the document when that is wanted.
func report(o options, all []contender, waits []map[string]time.Duration) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %d cores (%s/%s), %d attempts a second over %d providers, of which one fails wholly; %d incidents.\n\n",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, o.rate, len(providers), len(waits))
	b.WriteString("| | median s | fastest | slowest | × Gatewatch |\n|---|---|---|---|---|\n")
	ours := 0.0
	for i, c := range all {
		var seconds []float64
		for _, incident := range waits {
			if d, ok := incident[c.name]; ok {
				seconds = append(seconds, d.Seconds())
			}
		}
		if len(seconds) < len(waits) {
			fmt.Fprintf(&b, "| %s | no message within %v in %d of %d incidents | | | |\n", c.name, o.patience, len(waits)-len(seconds), len(waits))
			continue
		}
		slices.Sort(seconds)
		median := seconds[len(seconds)/2]
		if i == 0 {
			ours = median
		}
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %.1f | %s |\n", c.name, median, seconds[0], seconds[len(seconds)-1], ratio(median, ours))
	}
	fmt.Println(b.String())
	if o.write == "" {
		return nil
	}
	return marked.Replace(o.write, "reaction", b.String())
}

func ratio(seconds, ours float64) string {
	if ours == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", seconds/ours)
}
