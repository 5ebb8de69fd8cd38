// Package faults holds the test that tries to make the agent lose, repeat or tear lines: every way of rotating a log,
// under every trouble that an agent, its disk and its cluster can have. See TestMatrix.
package faults
