package redis

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// The bounds of an answer. A server of thousands of databases, replicas and errors says some hundred kilobytes.
const (
	maxAnswer = 4 << 20
	// maxAnswerParts is how many texts, numbers and lists it may be made of.
	maxAnswerParts = 10_000
	// maxHeader is how much of a line is looked at: what announces a text or a list is shorter.
	maxHeader = 32
)

// errTooLong ends a connection whose server announces or sends more than it may.
var errTooLong = fmt.Errorf("the answer has more than %d bytes or %d parts: is that a Redis?", maxAnswer, maxAnswerParts)

// boundedConn is a connection that reads at most one bounded answer to what was written last. The driver makes room for as
// much as the server announces before any of it has come, and lists of lists cost it a call each: it must not see more.
type boundedConn struct {
	net.Conn
	// left and parts are what may still come.
	left, parts int
	// text is how much follows of a text that was announced, line what is known of the line that is being read.
	text int
	line []byte
}

// Write sends a question, or a part of one.
func (c *boundedConn) Write(p []byte) (int, error) {
	c.left, c.parts = maxAnswer, maxAnswerParts
	return c.Conn.Write(p)
}

// Read returns a piece of the answer. Its error says that the rest of it is too long.
func (c *boundedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if wrong := c.pass(p[:n]); wrong != nil {
		return 0, wrong
	}
	return n, err
}

// pass follows the protocol through what was read.
func (c *boundedConn) pass(p []byte) error {
	if c.left -= len(p); c.left < 0 {
		return errTooLong
	}
	for len(p) > 0 {
		if c.text > 0 {
			n := min(c.text, len(p))
			c.text, p = c.text-n, p[n:]
			continue
		}
		line, rest, ended := bytes.Cut(p, []byte{'\n'})
		c.line = append(c.line, line[:min(len(line), maxHeader-len(c.line))]...)
		p = rest
		if !ended {
			return nil
		}
		err := c.announced()
		c.line = c.line[:0]
		if err != nil {
			return err
		}
	}
	return nil
}

// announced notes what a line says of what follows it.
func (c *boundedConn) announced() error {
	line := bytes.TrimSuffix(c.line, []byte{'\r'})
	if c.parts--; c.parts < 0 {
		return errTooLong
	}
	if len(line) == 0 || line[0] != '$' && line[0] != '*' {
		return nil
	}
	n, err := strconv.Atoi(string(line[1:]))
	switch {
	case err != nil:
		return errors.New("the answer is not one of Redis")
	case line[0] == '$' && n > maxAnswer, line[0] == '*' && n > maxAnswerParts:
		return errTooLong
	case line[0] == '$' && n >= 0:
		c.text = n + len("\r\n")
	}
	return nil
}
