// Command hpcloud follows a file with github.com/hpcloud/tail and prints how many lines it has counted, as they come: what
// following alone costs, without a thing done with the lines.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/hpcloud/tail"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: hpcloud FILE")
		os.Exit(2)
	}
	if err := count(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "hpcloud:", err)
		os.Exit(1)
	}
}

func count(path string) error {
	followed, err := tail.TailFile(path, tail.Config{Follow: true, ReOpen: true, Logger: tail.DiscardingLogger})
	if err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	counted, printed := 0, 0
	for {
		select {
		case line, ok := <-followed.Lines:
			if !ok {
				return followed.Err()
			}
			if line.Err == nil {
				counted++
			}
		case <-tick.C:
			if counted != printed {
				fmt.Println(counted)
				printed = counted
			}
		}
	}
}
