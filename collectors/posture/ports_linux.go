package posture

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"gatewatch/collectors/tcptable"
)

// listeners returns the TCP sockets that are open on all addresses.
func listeners(proc string) ([]listener, error) {
	sockets, err := tcptable.Listeners(proc)
	var found []listener
	for _, s := range sockets {
		if s.Local.Addr().IsUnspecified() {
			found = append(found, listener{s.Local.Addr().String(), int(s.Local.Port()), s.Inode})
		}
	}
	return found, err
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
