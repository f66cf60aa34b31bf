package cli

import (
	"errors"
	"io/fs"
	"os"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/state"
	"github.com/minipod/minipod/volume"
)

func (d *description) volumes(p *v1.Pod, sizes map[string]string) {
	if len(p.Spec.Volumes) == 0 {
		d.line(0, "Volumes:\t<none>")
		return
	}
	d.line(0, "Volumes:")
	for _, v := range p.Spec.Volumes {
		d.line(1, "%s:", v.Name)
		switch {
		case v.HostPath != nil:
			kind := "<none>"
			if v.HostPath.Type != nil {
				kind = string(*v.HostPath.Type)
			}
			d.line(2, "Type:\tHostPath (bare host directory volume)")
			d.line(2, "Path:\t%s", v.HostPath.Path)
			d.line(2, "HostPathType:\t%s", kind)
		case v.EmptyDir != nil:
			d.emptyDir(v.EmptyDir, sizes[v.Name])
		case v.ConfigMap != nil:
			d.line(2, "Type:\tConfigMap (a volume populated by a ConfigMap)")
			d.line(2, "Name:\t%s", v.ConfigMap.Name)
			d.line(2, "Optional:\t%t", v.ConfigMap.Optional != nil && *v.ConfigMap.Optional)
		default:
			d.line(1, "<unknown>")
		}
	}
}

// emptyDir tells besides what the manifest says how much fits in, which
// kubectl cannot know.
func (d *description) emptyDir(e *v1.EmptyDirVolumeSource, size string) {
	limit := "<unset>"
	if e.SizeLimit != nil && e.SizeLimit.Sign() > 0 {
		limit = e.SizeLimit.String()
	}
	d.line(2, "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)")
	d.line(2, "Medium:\t%s", e.Medium)
	d.line(2, "SizeLimit:\t%s", limit)
	if size != "" {
		d.line(2, "Size:\t%s", size)
	}
}

// emptyDirSizes says of each emptyDir of the pod where it is and how much fits
// in.
func emptyDirSizes(d state.Dirs, p *v1.Pod) (map[string]string, error) {
	ram, err := kernel.RAM()
	if err != nil {
		return nil, err
	}
	sizes := map[string]string{}
	for _, v := range p.Spec.Volumes {
		if v.EmptyDir == nil {
			continue
		}
		// --emptydir-medium=disk is not written down, but this directory
		// is there (Options.DiskRoot, which package pod gives to volume).
		_, err := os.Lstat(pod.DiskVolume(d, p, v.Name))
		switch {
		case err == nil:
			sizes[v.Name] = "what is free on disk"
		case errors.Is(err, fs.ErrNotExist):
			sizes[v.Name] = volume.FormatSize(volume.EmptyDirSize(p, v.EmptyDir, ram/2)) + " of memory"
		default:
			return nil, err
		}
	}
	return sizes, nil
}
