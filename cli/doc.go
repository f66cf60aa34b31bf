// Package cli is the command line: one file for each command, which turns its
// flags into one typed value and makes one call into the rooms below.
//
// It is the only package that prints. Container output and what a command was
// asked for go to standard output; everything that minipod says on its own
// goes to standard error. It decides exit codes, and how an error reads.
package cli
