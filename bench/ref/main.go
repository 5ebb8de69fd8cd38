// Command ref prints the CPU seconds that a plain loop takes for the JSON lines of a file: read, look for card numbers
// naively, find six fields, build bulk bodies in memory. No network, no journal, no metrics, no state: a yardstick that
// makes figures of different machines comparable.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: ref FILE")
		os.Exit(2)
	}
	took, err := measure(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "ref:", err)
		os.Exit(1)
	}
	fmt.Println(took.Seconds())
}

const (
	readSize = 1 << 20
	bodySize = 2 << 20
)

// measure runs the loop over the file and returns the CPU time it took.
func measure(path string) (time.Duration, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	start := cpu()
	buf, body := make([]byte, readSize), make([]byte, 0, 2*bodySize)
	kept := 0
	for {
		n, err := file.Read(buf[kept:])
		rest := buf[:kept+n]
		for {
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				break
			}
			body = appendDocument(body, rest[:end])
			rest = rest[end+1:]
			if len(body) > bodySize {
				body = body[:0]
			}
		}
		kept = copy(buf, rest)
		if err == io.EOF {
			return cpu() - start, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// appendDocument does for one line what a shipper has to do at least.
func appendDocument(body, line []byte) []byte {
	var e facts
	cards := countCards(line)
	scan(line, &e)
	if cards > 0 || len(line) == 0 {
		return body // the generator writes masked numbers only
	}
	body = append(body, "{\"create\":{}}\n{\"@timestamp\":\""...)
	body = append(body, e.time...)
	body = append(body, `","data_stream":{"dataset":"gateway"},"host":{"name":"h"},`...)
	body = append(body, line[1:]...)
	return append(body, '\n')
}

func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
