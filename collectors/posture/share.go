package posture

import (
	"cmp"
	"path/filepath"
	"slices"
)

// fairShare divides room between those that want some: whoever wants least gets all of it first, so that nobody goes without
// because another one wants much.
func fairShare(wanted []int, room int) []int {
	order := make([]int, len(wanted))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(wanted[a], wanted[b]) })
	shares := make([]int, len(wanted))
	for done, i := range order {
		shares[i] = min(wanted[i], room/(len(order)-done))
		room -= shares[i]
	}
	return shares
}

// fairChoice returns most of paths: of each folder a fair share, and in it first those that were watched before. Paths of one
// folder stand together.
func fairChoice(paths []string, most int, watched func(path string) bool) []string {
	if len(paths) <= most {
		return paths
	}
	var folders [][]string
	for rest := paths; len(rest) > 0; {
		folder, end := filepath.Dir(rest[0]), 1
		for end < len(rest) && filepath.Dir(rest[end]) == folder {
			end++
		}
		folders, rest = append(folders, rest[:end]), rest[end:]
	}
	wanted := make([]int, len(folders))
	for i := range folders {
		wanted[i] = len(folders[i])
	}
	chosen := make([]string, 0, most)
	for i, share := range fairShare(wanted, most) {
		before := slices.DeleteFunc(slices.Clone(folders[i]), func(path string) bool { return !watched(path) })
		fresh := slices.DeleteFunc(slices.Clone(folders[i]), watched)
		chosen = append(chosen, append(before, fresh...)[:share]...)
	}
	return chosen
}
