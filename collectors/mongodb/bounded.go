package mongodb

import (
	"context"
	"fmt"
	"net"
)

// maxAnswer is how much a server may send after what was written last. The driver reads what the server itself says is the most
// it sends, up to gigabytes.
const maxAnswer = 16 << 20

// boundedDialer connects as usual, to servers that do not answer without end.
type boundedDialer struct{}

// DialContext returns a connection that reads a bounded answer.
func (boundedDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &boundedConn{Conn: conn}, nil
}

type boundedConn struct {
	net.Conn
	left int
}

// Write sends a question, or a part of one.
func (c *boundedConn) Write(p []byte) (int, error) {
	c.left = maxAnswer
	return c.Conn.Write(p)
}

// Read returns a piece of the answer, or an error when it is too long.
func (c *boundedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.left -= n; c.left < 0 {
		return 0, fmt.Errorf("the answer has more than %d bytes", maxAnswer)
	}
	return n, err
}
