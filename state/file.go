package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

// header is embedded in whatever is written as JSON.
type header struct {
	Version string `json:"version"`
}

var temporaries atomic.Int64

// writeJSON puts v into the named file of dir so that a reader finds the old
// content or the new one. Without fsync: see the package comment.
func writeJSON(dir *os.Root, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s as JSON: %w", name, err)
	}
	return writeWhole(dir, name, b)
}

func writeWhole(dir *os.Root, name string, b []byte) error {
	// Several processes may ask for deletion at once: each has its own name.
	tmp := "." + name + "." + strconv.Itoa(os.Getpid()) + "." + strconv.FormatInt(temporaries.Add(1), 10)
	f, err := dir.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = dir.Rename(tmp, name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", name, err), dir.Remove(tmp))
	}
	return nil
}

// readJSON reads what writeJSON wrote. The error satisfies
// errors.Is(err, fs.ErrNotExist) when there is no such file.
func readJSON(dir *os.Root, name string, v any) error {
	b, err := dir.ReadFile(name)
	if err != nil {
		return err
	}
	var h header
	if err := json.Unmarshal(b, &h); err != nil {
		return fmt.Errorf("%s/%s: %w", dir.Name(), name, err)
	}
	if h.Version != Version {
		return fmt.Errorf("%s/%s: %w %q", dir.Name(), name, ErrVersion, h.Version)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s/%s: %w", dir.Name(), name, err)
	}
	return nil
}
