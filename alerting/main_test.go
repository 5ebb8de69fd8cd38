package alerting_test

import (
	"flag"
	"runtime"
	"strconv"
	"testing"
)

// waiting is how many tests run side by side for each processor: they wait, because messages are a second apart.
const waiting = 3

// TestMain lets more tests run at a time than there are processors, unless -parallel says how many.
func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		if err := flag.Set("test.parallel", strconv.Itoa(waiting*runtime.GOMAXPROCS(0))); err != nil {
			panic(err)
		}
	}
	m.Run()
}
