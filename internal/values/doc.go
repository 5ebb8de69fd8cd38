// Package values reads single values as logs write them: times, durations, levels, numbers, addresses, escapes. It knows
// neither the formats of records nor the names of fields, so that both can ask it what a text is.
package values
