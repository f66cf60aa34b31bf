package pod

import (
	"context"
	"errors"
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/lifecycle"
)

// ensureImage answers lifecycle's EnsureImage. It runs on a goroutine of its
// own; the pod's containers may be pulled at once.
func (o *Owner) ensureImage(name string) {
	c := find(o.pod, name)
	img, message, err := o.fetch(c)
	if err != nil {
		o.tell(func(at time.Time) lifecycle.Event {
			o.doom(fmt.Errorf("container %s of pod %s: image %s: %w", name, o.pod.Name, c.Image, err))
			return lifecycle.ImageFailed{At: at, Container: name, Reason: imageReason(err), Message: err.Error()}
		})
		return
	}
	o.tell(func(at time.Time) lifecycle.Event {
		o.hands.do(func() { o.images[name] = img })
		return lifecycle.ImageReady{At: at, Container: name, Image: c.Image, ImageID: img.ID, Message: message}
	})
}

// errNeverPull is the cause of ErrImageNeverPull.
var errNeverPull = errors.New("is not present with pull policy of Never")

// fetch finds the image or pulls it, as the policy wants. An image that came
// by load or import satisfies the manifest's Always: there may be no registry
// that has it. Only --pull always goes to one then.
func (o *Owner) fetch(c *v1.Container) (image.Image, string, error) {
	policy := o.settings.Pull
	if policy == "" {
		policy = c.ImagePullPolicy
	}
	img, err := o.host.Images.Resolve(c.Image)
	if err != nil && !errors.Is(err, image.ErrNotFound) {
		return img, "", err
	}
	switch {
	case err == nil && policy != v1.PullAlways:
		return img, "", nil
	case err == nil && img.Local && o.settings.Pull == "":
		return img, fmt.Sprintf("Container image %q is a local image", c.Image), nil
	}
	if policy == v1.PullNever {
		return image.Image{}, "", fmt.Errorf("container image %q %w", c.Image, errNeverPull)
	}
	o.tell(func(time.Time) lifecycle.Event {
		o.record(lifecycle.Record{
			Type: v1.EventTypeNormal, Reason: lifecycle.ReasonPulling, Container: c.Name,
			Message: fmt.Sprintf("Pulling image %q", c.Image),
		})
		return nil
	})
	begin := time.Now()
	img, err = o.host.Images.Pull(context.Background(), c.Image, image.PullOptions{})
	if err != nil {
		return img, "", err
	}
	took := time.Since(begin).Truncate(time.Millisecond)
	return img, fmt.Sprintf("Successfully pulled image %q in %v. Image size: %d bytes.", c.Image, took, img.Size), nil
}

func imageReason(err error) string {
	switch {
	case errors.Is(err, errNeverPull):
		return lifecycle.ReasonImageNeverPull
	case errors.Is(err, image.ErrBadName):
		return lifecycle.ReasonImageInvalidName
	}
	return lifecycle.ReasonImagePull
}
