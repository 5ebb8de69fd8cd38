// Package tcptable reads the kernel's table of TCP sockets line by line: of a host with a hundred thousand connections nothing
// but the line at hand is in memory.
package tcptable

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
)

// Listen is the kernel's number of the state of a socket that waits for connections.
const Listen = 10

// Socket is a line of the table.
type Socket struct {
	Local            netip.AddrPort
	State            uint64
	TxQueue, RxQueue uint64
	Inode            uint64
}

// listenersEnd is how many lines of other sockets may come before the rest is taken to have no listener any more. Linux has
// all listeners first; kernels before 4.4 have half-open connections among them.
const listenersEnd = 4096

// maxLine bounds a line; those of the kernel have some 200 bytes.
const maxLine = 4 << 10

// Each calls do for every socket of IPv4 and IPv6 in the table below the folder proc. A host without IPv6 has none of it.
func Each(proc string, do func(Socket)) error {
	return read(proc, func(s Socket) bool {
		do(s)
		return true
	})
}

// Listeners returns the sockets that wait for connections. It does not read on through all that do not.
func Listeners(proc string) (found []Socket, err error) {
	others := 0
	err = read(proc, func(s Socket) bool {
		others++
		if s.State == Listen {
			found, others = append(found, s), 0
		}
		return others < listenersEnd
	})
	return found, err
}

// read calls do for each line of both tables, and goes on to the next table when it returns false.
func read(proc string, do func(Socket) bool) error {
	for _, name := range []string{"net/tcp", "net/tcp6"} {
		path := filepath.Join(proc, name)
		if err := readTable(path, do); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read %s: %w", path, err)
		}
	}
	return nil
}

func readTable(path string, do func(Socket) bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, maxLine), maxLine)
	strange := 0
	for lines.Scan(); lines.Scan(); { // the first line has the names of the columns
		if s, ok := parse(lines.Bytes()); !ok {
			strange++
		} else if !do(s) {
			break
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if strange > 0 {
		return fmt.Errorf("%d lines are none of a socket", strange)
	}
	return nil
}

// parse reads "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0  12345 1 …".
func parse(line []byte) (s Socket, ok bool) {
	var fields [10][]byte
	for i := range fields {
		line = bytes.TrimLeft(line, " ")
		end := bytes.IndexByte(line, ' ')
		if end < 0 {
			end = len(line)
		}
		if end == 0 {
			return Socket{}, false
		}
		fields[i], line = line[:end], line[end:]
	}
	address, port, _ := bytes.Cut(fields[1], []byte{':'})
	ip, ok := parseIP(address)
	if !ok {
		return Socket{}, false
	}
	tx, rx, _ := bytes.Cut(fields[4], []byte{':'})
	var numbers [4]uint64
	for i, text := range [][]byte{port, fields[3], tx, rx} {
		var err error
		if numbers[i], err = strconv.ParseUint(string(text), 16, 64); err != nil {
			return Socket{}, false
		}
	}
	inode, err := strconv.ParseUint(string(fields[9]), 10, 64)
	if err != nil || numbers[0] > 1<<16-1 {
		return Socket{}, false
	}
	return Socket{netip.AddrPortFrom(ip, uint16(numbers[0])), numbers[1], numbers[2], numbers[3], inode}, true
}

// parseIP reads an address: words of 32 bits as a little-endian machine has them, in hexadecimal digits. One of IPv4 that is written
// as one of IPv6 is one of IPv4.
func parseIP(digits []byte) (netip.Addr, bool) {
	var b [16]byte
	n := hex.DecodedLen(len(digits))
	if n != 4 && n != 16 {
		return netip.Addr{}, false
	}
	if _, err := hex.Decode(b[:], digits); err != nil {
		return netip.Addr{}, false
	}
	for i := 0; i < n; i += 4 {
		binary.BigEndian.PutUint32(b[i:], binary.LittleEndian.Uint32(b[i:]))
	}
	if n == 4 {
		return netip.AddrFrom4([4]byte(b[:4])), true
	}
	return netip.AddrFrom16(b).Unmap(), true
}
