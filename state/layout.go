package state

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strconv"
	"strings"
)

// Dirs are the three roots that everything on disk lives under. Each is an
// absolute path; none needs to exist.
type Dirs struct {
	Run  string // volatile: gone with the kernel
	Root string // images, writable layers, what was asked for
	Log  string // logs of containers, laid out as a kubelet's
}

// DefaultDirs are the roots where nobody says otherwise.
var DefaultDirs = Dirs{Run: "/run/minipod", Root: "/var/lib/minipod", Log: "/var/log/pods"}

// The files of a pod's run directory.
const (
	lockFile    = "lock"
	ownerFile   = "owner"
	specFile    = "pod.json"
	statusFile  = "status.json"
	journalFile = "journal"
	eventsFile  = "events"
	deleteFile  = "delete.json"
)

// gonePrefix starts the name of a run directory on its way out. No pod can be
// called so: the names of Kubernetes do not begin with a dot.
const gonePrefix = ".gone-"

// maxName is the kernel's limit on one path component, in bytes.
const maxName = 255

func (d Dirs) pods() string { return filepath.Join(d.Run, "pods") }

// PodDir is the run directory of a pod: lock, published files, journal, and
// whatever the pod's owner puts there (its pins and FIFOs). It exists, with
// mode 0700, from Claim to Remove.
func (d Dirs) PodDir(namespace, name string) string {
	return filepath.Join(d.pods(), component(namespace+"_"+name))
}

// ContainerDir is where a container's FIFOs live. The owner makes it.
func (d Dirs) ContainerDir(namespace, name, container string) string {
	return filepath.Join(d.PodDir(namespace, name), "ctr", component(container))
}

// PodLogDir holds the logs of one incarnation of a pod, as a kubelet names it
// (BuildPodLogsDirectory in pkg/kubelet/kuberuntime/helpers.go).
func (d Dirs) PodLogDir(namespace, name, uid string) string {
	return filepath.Join(d.Log, component(namespace+"_"+name+"_"+uid))
}

// ContainerLogDir holds the logs of all instances of one container.
func (d Dirs) ContainerLogDir(namespace, name, uid, container string) string {
	return filepath.Join(d.PodLogDir(namespace, name, uid), component(container))
}

// LogPath is the live log of one instance in a container's log directory;
// restartCount is the number of restarts before it, from 0.
func LogPath(containerLogDir string, restartCount int32) string {
	return filepath.Join(containerLogDir, strconv.Itoa(int(restartCount))+".log")
}

// component makes s one path component. Valid names pass unchanged. A
// namespace and a name may together exceed what the kernel allows; such a one
// is cut and told apart by a hash. A slash can only come from a name that was
// never validated (a command's argument): it must not lead out of the folder.
func component(s string) string {
	if len(s) <= maxName && !strings.ContainsRune(s, '/') {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	flat := strings.ReplaceAll(s, "/", "~")
	return flat[:min(len(flat), maxName-17)] + "~" + hex.EncodeToString(sum[:8])
}
