package posture

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"gatewatch/collectors/collect"
)

// tcpListen is the kernel's number of the state of a socket that waits for connections.
const tcpListen = 10

// listeners returns the TCP sockets that are open on all addresses.
func listeners(proc string) ([]listener, error) {
	fs, err := procfs.NewFS(proc)
	if err != nil {
		return nil, err
	}
	var found []listener
	for _, read := range []func() (procfs.NetTCP, error){fs.NetTCP, fs.NetTCP6} {
		lines, err := read()
		if collect.UnlessMissing(err) != nil {
			return nil, err
		}
		for _, l := range lines {
			if l.St == tcpListen && l.LocalAddr.IsUnspecified() {
				found = append(found, listener{l.LocalAddr.String(), int(l.LocalPort), l.Inode})
			}
		}
	}
	return found, nil
}

// socketOwners returns the names of the programs that hold sockets. What belongs to other users needs the right to see it
// (CAP_SYS_PTRACE), and is left out without it.
func socketOwners(ctx context.Context, proc string, sockets []uint64) (map[uint64]string, error) {
	fs, err := procfs.NewFS(proc)
	if err != nil {
		return nil, err
	}
	all, err := fs.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	wanted := map[string]uint64{}
	for _, inode := range sockets {
		wanted["socket:["+strconv.FormatUint(inode, 10)+"]"] = inode
	}
	owners := map[uint64]string{}
	for _, p := range all {
		if err := ctx.Err(); err != nil {
			return owners, err
		}
		targets, err := p.FileDescriptorTargets()
		if err != nil {
			continue // another user's, or it has ended
		}
		for _, target := range targets {
			inode, ok := wanted[target]
			if !ok || owners[inode] != "" {
				continue
			}
			if name, err := p.Comm(); err == nil {
				owners[inode] = strings.TrimSpace(name)
			}
		}
	}
	return owners, nil
}
