// Command sink answers like Elasticsearch's bulk API, cheaply, and keeps account of the lines that gen wrote.
//
//	sink -es 127.0.0.1:19200 -ctl 127.0.0.1:19201
//
// The second address controls it: GET /report?n=LINES says what of the first LINES is lost, repeated or torn;
// POST /reset forgets all; POST /outage?mode=503|429|items|refuse&ms=10000 makes it fail for a while.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"gatewatch/internal/faults/sink"
)

// maxLines is how many lines the account is for.
const maxLines = 8 << 20

func main() {
	es := flag.String("es", "127.0.0.1:19200", "address that answers like Elasticsearch")
	control := flag.String("ctl", "127.0.0.1:19201", "address that controls the sink")
	flag.Parse()
	if err := run(*es, *control); err != nil {
		fmt.Fprintln(os.Stderr, "sink:", err)
		os.Exit(1)
	}
}

func run(es, control string) error {
	s := sink.New(maxLines)
	server, err := sink.Serve(es, s)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /report", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.FormValue("n"))
		if err != nil {
			n = maxLines
		}
		json.NewEncoder(w).Encode(s.Report(n))
	})
	mux.HandleFunc("POST /reset", func(http.ResponseWriter, *http.Request) { s.Reset() })
	mux.HandleFunc("POST /outage", func(w http.ResponseWriter, r *http.Request) {
		lasting, err := time.ParseDuration(r.FormValue("ms") + "ms")
		if err == nil {
			err = fail(s, server, r.FormValue("mode"), lasting)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	return (&http.Server{Addr: control, Handler: mux, ReadHeaderTimeout: time.Minute}).ListenAndServe()
}

// fail lets the sink fail, and recover by itself.
func fail(s *sink.Sink, server *sink.Server, mode string, lasting time.Duration) error {
	switch mode {
	case "refuse":
		if err := server.Close(); err != nil {
			return err
		}
		time.AfterFunc(lasting, func() {
			if err := server.Open(); err != nil {
				fmt.Fprintln(os.Stderr, "sink:", err)
			}
		})
		return nil
	case "items":
		s.Fail(sink.Outage{Items: true})
	default:
		status, err := strconv.Atoi(mode)
		if err != nil {
			return fmt.Errorf("mode %q: use 503, 429, items or refuse", mode)
		}
		s.Fail(sink.Outage{Status: status})
	}
	time.AfterFunc(lasting, func() { s.Fail(sink.Outage{}) })
	return nil
}
