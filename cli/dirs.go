package cli

import (
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/minipod/minipod/state"
)

// dirsOf reads the global flags that say where everything is.
func dirsOf(c *cli.Context) (state.Dirs, error) {
	var d state.Dirs
	for _, f := range []struct {
		flag string
		to   *string
	}{{"root", &d.Root}, {"run-root", &d.Run}, {"log-root", &d.Log}} {
		abs, err := filepath.Abs(c.String(f.flag))
		if err != nil {
			return d, err
		}
		*f.to = abs
	}
	return d, nil
}
