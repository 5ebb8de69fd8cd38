//go:build !unix

package tool

import "os/exec"

func ownGroup(*exec.Cmd) {}

func giveWay(int) {}
