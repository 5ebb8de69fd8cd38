// Package fetch asks addresses that the configuration names, without ever repeating what may be secret in them.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"gatewatch/internal/invalid"
)

// connectTimeout is how long connecting, and shaking hands after that, may take.
const connectTimeout = 10 * time.Second

// Client asks local status pages: one connection that stays open, no proxy and no redirect.
func Client() *http.Client {
	transport := Transport()
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = 1, 1
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Transport returns connections that need no request to end: net/http goes on connecting and shaking hands when the request
// that began it is over, and a server that accepts and says nothing would keep the connection, and its place, for ever.
func Transport() *http.Transport {
	return &http.Transport{
		DialContext: (&net.Dialer{Timeout: connectTimeout}).DialContext, TLSHandshakeTimeout: connectTimeout,
		MaxResponseHeaderBytes: 64 << 10, IdleConnTimeout: time.Minute,
	}
}

// SocketClient is a Client that asks whoever listens at a socket of the host, whatever host an address names.
func SocketClient(socket string) *http.Client {
	client := Client()
	client.Transport = &http.Transport{
		MaxConnsPerHost: 1, MaxIdleConnsPerHost: 1, MaxResponseHeaderBytes: 64 << 10, IdleConnTimeout: time.Minute,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}
	return client
}

// Text returns a status page of at most so many bytes. Its error does not repeat the address, which may hold a password.
func Text(ctx context.Context, client *http.Client, address string, most int64) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", errors.New("the address is not a URL")
	}
	req.Header.Set("User-Agent", "gatewatch")
	resp, err := client.Do(req)
	if err != nil {
		return "", WithoutURL(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case err != nil:
		return "", WithoutURL(err)
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("the status page answers %d", resp.StatusCode)
	case int64(len(body)) > most:
		return "", fmt.Errorf("the status page has more than %d bytes", most)
	}
	return string(body), nil
}

// maxErrorText is how much is told of an error of net/http, which may repeat what a server sends.
const maxErrorText = 300

// addresses are what an error may repeat of a redirect, or of a proxy that the environment names with its password.
var addresses = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"]*`)

// WithoutURL returns err without any URL, such as the one that net/http puts in front of it: the query may hold a key, or the
// host a password. Of a time that is over it says what that means.
func WithoutURL(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)
	}
	var with *url.Error
	if errors.As(err, &with) {
		err = with.Err
	}
	if text := Brief(addresses.ReplaceAllString(err.Error(), "<address>"), maxErrorText); text != err.Error() {
		return retold{err, text}
	}
	return err
}

// retold is an error that is told in other words.
type retold struct {
	error
	text string
}

// Error returns the other words.
func (r retold) Error() string { return r.text }

// Unwrap returns what is told.
func (r retold) Unwrap() error { return r.error }

// ValidateURL notes what is wrong with the address, without repeating it: it may hold a password.
func ValidateURL(m *invalid.Mistakes, path, address string) {
	u, err := url.Parse(address)
	switch {
	case address == "":
		m.Add(path, "is missing")
	case err != nil:
		m.Add(path, "is not a URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		m.Add(path, "must be http://host… or https://host…")
	}
}

// Brief returns the beginning of a text of others, at most most characters of it.
func Brief(text string, most int) string {
	if all := []rune(text); len(all) > most {
		return string(all[:most]) + "…"
	}
	return text
}
