package sandbox

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/sys/capability"
	"github.com/moby/sys/user"
	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// Process says what a container is to run and as whom.
type Process struct {
	Argv            []string
	Env             []string // NAME=value
	Dir             string   // working directory; "" is "/"
	User            User
	NoNewPrivileges bool

	path string // Argv[0], found in PATH
}

// User is who a process is to be. UID and GID of the manifest go before the
// image's.
type User struct {
	UID, GID *int64
	Image    string // USER of the image: name|uid[:group|gid]
}

// Identity is a User resolved in the container's own /etc/passwd and group.
type Identity struct {
	UID    uint32   `json:"uid"`
	GID    uint32   `json:"gid"`
	Groups []uint32 `json:"groups,omitempty"`
}

// defaultPath is what a process gets whose image says nothing (containerd
// pkg/oci/spec.go, defaultUnixEnv).
const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// ErrNoCommand says that neither manifest nor image name a command.
var ErrNoCommand = errors.New("no command: the image has no entrypoint and the manifest gives no command")

func (p *Process) dir() string {
	if p.Dir == "" {
		return "/"
	}
	return p.Dir
}

// resolve finds out, in the finished root filesystem, who the process will be
// and which file it runs, and makes its working directory.
func (s *stage) resolve() error {
	proc := &s.container.Process
	who, home, err := resolveUser(s.root, proc.User)
	if err != nil {
		return err
	}
	s.identity = who
	if err := proc.complete(s.root, home); err != nil {
		return err
	}
	// As runc does: a working directory that is missing is made.
	dir, err := kernel.MkdirIn(s.root, proc.dir(), 0o755)
	if err != nil {
		return fmt.Errorf("working directory: %w", err)
	}
	if err := dir.Close(); err != nil {
		return err
	}
	if s.container.Root.ReadOnly {
		return kernel.SetMountAttr(s.root, false, unix.MOUNT_ATTR_RDONLY, 0)
	}
	return nil
}

// complete adds PATH and HOME where the environment lacks them, and finds
// Argv[0].
func (p *Process) complete(root *kernel.FD, home string) error {
	if len(p.Argv) == 0 {
		return ErrNoCommand
	}
	p.Env = slices.Clone(p.Env)
	if _, ok := lookupEnv(p.Env, "PATH"); !ok {
		p.Env = append(p.Env, defaultPath)
	}
	if _, ok := lookupEnv(p.Env, "HOME"); !ok {
		p.Env = append(p.Env, "HOME="+home)
	}
	search, _ := lookupEnv(p.Env, "PATH")
	var err error
	if p.path, err = findProgram(root, p.Argv[0], search); err != nil {
		return err
	}
	return checkProgram(root, p.dir(), p.path)
}

func lookupEnv(env []string, name string) (string, bool) {
	for _, e := range slices.Backward(env) {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v, true
		}
	}
	return "", false
}

// ErrProgramNotFound says that a command without a slash is in no directory of
// the container's PATH.
var ErrProgramNotFound = errors.New("executable file not found in the container's PATH")

func findProgram(root *kernel.FD, name, search string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil // execve resolves it, from the working directory
	}
	for _, dir := range strings.Split(search, ":") {
		if !path.IsAbs(dir) {
			continue
		}
		candidate := path.Join(dir, name)
		if executable(root, candidate) {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("%q: %w", name, ErrProgramNotFound)
}

func executable(root *kernel.FD, name string) bool {
	f, err := kernel.OpenIn(root, name, unix.O_PATH)
	if err != nil {
		return false
	}
	defer f.Close()
	var st unix.Stat_t
	return unix.Fstat(f.Int(), &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Mode&0o111 != 0
}

// resolveUser follows containerd's CRI plugin: a name or number of the image
// unless the manifest has a uid; the groups of the image's /etc/group that the
// user is in are merged (supplementalGroupsPolicy Merge).
func resolveUser(root *kernel.FD, u User) (Identity, string, error) {
	spec := u.Image
	if u.UID != nil {
		spec = strconv.FormatInt(*u.UID, 10)
	}
	if u.GID != nil {
		name, _, _ := strings.Cut(spec, ":")
		if name == "" {
			name = "0"
		}
		spec = name + ":" + strconv.FormatInt(*u.GID, 10)
	}
	passwd, err := readAccounts(root, "etc/passwd")
	if err != nil {
		return Identity{}, "", err
	}
	groups, err := readAccounts(root, "etc/group")
	if err != nil {
		return Identity{}, "", err
	}
	found, err := user.GetExecUser(spec, &user.ExecUser{Home: "/"}, strings.NewReader(passwd), strings.NewReader(groups))
	if err != nil {
		return Identity{}, "", fmt.Errorf("user %q: %w", spec, err)
	}
	if found.Sgids, err = memberships(found.Sgids, spec, passwd, groups); err != nil {
		return Identity{}, "", err
	}
	id, err := identity(found)
	return id, found.Home, err
}

// memberships adds the groups that the user is in to those already found. Only
// where spec names a group of its own, they were not looked for.
func memberships(have []int, spec, passwd, groups string) ([]int, error) {
	name, _, explicit := strings.Cut(spec, ":")
	if !explicit {
		return have, nil
	}
	u, err := user.GetExecUser(name, nil, strings.NewReader(passwd), strings.NewReader(groups))
	if err != nil {
		return nil, fmt.Errorf("user %q: %w", spec, err)
	}
	return append(have, u.Sgids...), nil
}

func identity(u *user.ExecUser) (Identity, error) {
	id := Identity{UID: uint32(u.Uid), GID: uint32(u.Gid)}
	for _, n := range append([]int{u.Uid, u.Gid}, u.Sgids...) {
		if n < 0 || n >= math.MaxUint32 {
			return Identity{}, fmt.Errorf("id %d is out of range", n)
		}
	}
	for _, g := range append([]int{u.Gid}, u.Sgids...) {
		if !slices.Contains(id.Groups, uint32(g)) {
			id.Groups = append(id.Groups, uint32(g))
		}
	}
	return id, nil
}

// maxAccounts bounds what is read of a file that the image controls, in bytes.
const maxAccounts = 4 << 20

// readAccounts reads a file of the image. One that is missing is empty; one
// that is no regular file (a FIFO would block) is an error.
func readAccounts(root *kernel.FD, name string) (string, error) {
	fd, err := kernel.OpenIn(root, name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	if errors.Is(err, unix.ENOENT) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	f := os.NewFile(uintptr(fd.Int()), "/"+name)
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", errors.Join(fmt.Errorf("the image's /%s is not a regular file", name), err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxAccounts))
	return string(b), err
}

// defaultCapabilities are containerd's (pkg/oci/spec.go, defaultUnixCaps).
var defaultCapabilities = []capability.Cap{
	capability.CAP_CHOWN, capability.CAP_DAC_OVERRIDE, capability.CAP_FSETID, capability.CAP_FOWNER,
	capability.CAP_MKNOD, capability.CAP_NET_RAW, capability.CAP_SETGID, capability.CAP_SETUID,
	capability.CAP_SETFCAP, capability.CAP_SETPCAP, capability.CAP_NET_BIND_SERVICE,
	capability.CAP_SYS_CHROOT, capability.CAP_KILL, capability.CAP_AUDIT_WRITE,
}

// confine drops what the process is not to have. For user 0 only the bounding
// set is narrowed, and execve does the rest: a child that already had the
// container's rights could be traced by the container's other processes while
// it still shares minipod's memory. Others lose all.
func (p *Process) confine(prog *kernel.Program, host hostFacts, id Identity) {
	for c := capability.Cap(0); c <= host.lastCapability; c++ {
		if !slices.Contains(defaultCapabilities, c) {
			prog.DropBounding(int(c), "CAP_"+strings.ToUpper(c.String()))
		}
	}
	prog.ForgetInheritable()
	prog.Identity(id.UID, id.GID, id.Groups)
	if id.UID != 0 {
		prog.DropCapabilities()
	}
	if p.NoNewPrivileges {
		prog.NoNewPrivileges()
	}
}
