// Command show runs the fake Slack for people: its channel is a page in the browser, whose buttons work.
//
//	go run ./internal/fakeslack/show
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"gatewatch/internal/fakeslack"
)

func main() {
	page := flag.String("page", "127.0.0.1:9610", "address of the page")
	api := flag.String("api", "127.0.0.1:9611", "address of the fake's API")
	flag.Parse()
	if err := run(*page, *api); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(page, api string) error {
	slack := fakeslack.New()
	failed := make(chan error, 2)
	for addr, handler := range map[string]http.Handler{page: slack.Page(), api: slack} {
		listener, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		go func() { failed <- server.Serve(listener) }()
	}
	fmt.Printf("The channel: http://%s/\nIn another terminal:\n\nSLACK_API_URL=http://%s SLACK_TOKEN=%s SLACK_CHANNEL='%s' SLACK_APP_TOKEN=%s go run ./agent demo\n",
		page, api, fakeslack.Token, fakeslack.Channel, fakeslack.AppToken)
	return <-failed
}
