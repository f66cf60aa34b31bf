package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/minipod/minipod/internal/ability"
)

// thisMachine names the kind of machine, as the list of expected skips does.
func thisMachine() string {
	switch {
	case ability.Root.Err() != nil:
		return "user"
	case ability.CgroupV1.Err() == nil:
		return "cgroup1"
	default:
		return "cgroup2"
	}
}

// readExpected returns the abilities that a kind of machine may lack. A line
// of the list is: kind, ability, reason.
func readExpected(path, machine string) (map[string]bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	expected := map[string]bool{}
	s := bufio.NewScanner(f)
	for n := 1; s.Scan(); n++ {
		line, _, _ := strings.Cut(s.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) < 3 {
			return nil, fmt.Errorf("%s:%d: want a kind of machine, an ability and a reason", path, n)
		}
		if fields[0] == machine || fields[0] == "all" {
			expected[fields[1]] = true
		}
	}
	return expected, s.Err()
}
