//go:build !unix

package collectors

import "os/exec"

func ownGroup(*exec.Cmd) {}

func giveWay(int) {}
