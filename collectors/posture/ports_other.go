//go:build !linux

package posture

import "context"

// listeners returns nothing: only Linux is asked.
func listeners(string) ([]listener, error) { return nil, nil }

func socketOwners(context.Context, string, []uint64) (map[uint64]string, error) { return nil, nil }
