package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// LogInstances lists the restart counts of the instances of a container whose
// logs are on disk, oldest first. dir is a ContainerLogDir; one that does not
// exist holds none.
func LogInstances(dir string) ([]int32, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("log directory: %w", err)
	}
	var all []int32
	for _, e := range entries {
		if n, ok := instanceOf(e.Name()); ok {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// instanceOf reads the restart count from the name of a live or rotated log.
func instanceOf(name string) (int32, bool) {
	number, rest, _ := strings.Cut(name, ".")
	n, err := strconv.ParseUint(number, 10, 31)
	return int32(n), err == nil && (rest == "log" || strings.HasPrefix(rest, "log."))
}

// PruneLogs removes the logs of all but the newest keep instances of a
// container. A kubelet keeps two: the living one and one dead
// (MinAge/MaxPerPodContainerCount in pkg/kubelet/apis/config).
func PruneLogs(dir string, keep int) error {
	all, err := LogInstances(dir)
	if err != nil || len(all) <= keep {
		return err
	}
	oldest := all[len(all)-keep:]
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("log directory: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if n, ok := instanceOf(e.Name()); ok && (len(oldest) == 0 || n < oldest[0]) {
			errs = append(errs, removeFile(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}
