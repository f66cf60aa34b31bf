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

// ensureImage answers lifecycle's EnsureImage: at once with what was found when
// the sandbox was made, or after a look, and perhaps a pull, beside the others.
func (o *Owner) ensureImage(name string) {
	c := find(o.pod, name)
	if f, ok := o.here[name]; ok {
		delete(o.here, name)
		o.soon = append(o.soon, o.imageReady(c, f))
		return
	}
	go func() {
		f, err := o.fetch(c)
		if err == nil {
			o.tell(o.imageReady(c, f))
			return
		}
		o.tell(func(at time.Time) lifecycle.Event {
			o.doom(fmt.Errorf("container %s of pod %s: image %s: %w", name, o.pod.Name, c.Image, err))
			return lifecycle.ImageFailed{At: at, Container: name, Reason: imageReason(err), Message: err.Error()}
		})
	}()
}

func (o *Owner) imageReady(c *v1.Container, f found) happening {
	return func(at time.Time) lifecycle.Event {
		o.hands.do(func() { o.images[c.Name] = f.image })
		return lifecycle.ImageReady{At: at, Container: c.Name, Image: c.Image, ImageID: f.image.ID, Message: f.message}
	}
}

// errNeverPull is the cause of ErrImageNeverPull.
var errNeverPull = errors.New("is not present with pull policy of Never")

// found is an image that is on this host, with the message of its event.
type found struct {
	image   image.Image
	message string
}

// errAbsent says that an image is not here, or may be out of date.
var errAbsent = errors.New("is to be pulled")

func (o *Owner) policy(c *v1.Container) v1.PullPolicy {
	if o.settings.Pull != "" {
		return o.settings.Pull
	}
	return c.ImagePullPolicy
}

// lookUp finds an image that the policy allows to be used as it is, or says
// errAbsent. One that came by load or import satisfies the manifest's Always:
// there may be no registry that has it. Only --pull always goes to one then.
func (o *Owner) lookUp(c *v1.Container) (found, error) {
	img, err := o.host.Images.Resolve(c.Image)
	switch {
	case errors.Is(err, image.ErrNotFound):
		return found{}, errAbsent
	case err != nil:
		return found{}, err
	case o.policy(c) != v1.PullAlways:
		return found{image: img}, nil
	case img.Local && o.settings.Pull == "":
		return found{img, fmt.Sprintf("Container image %q is a local image", c.Image)}, nil
	}
	return found{}, errAbsent
}

// fetch finds the image or pulls it, as the policy wants.
func (o *Owner) fetch(c *v1.Container) (found, error) {
	f, err := o.lookUp(c)
	if !errors.Is(err, errAbsent) {
		return f, err
	}
	if o.policy(c) == v1.PullNever {
		return f, fmt.Errorf("container image %q %w", c.Image, errNeverPull)
	}
	o.tell(func(time.Time) lifecycle.Event {
		o.record(lifecycle.Record{
			Type: v1.EventTypeNormal, Reason: lifecycle.ReasonPulling, Container: c.Name,
			Message: fmt.Sprintf("Pulling image %q", c.Image),
		})
		return nil
	})
	begin := time.Now()
	img, err := o.host.Images.Pull(context.Background(), c.Image, image.PullOptions{})
	if err != nil {
		return f, err
	}
	took := time.Since(begin).Truncate(time.Millisecond)
	return found{img, fmt.Sprintf("Successfully pulled image %q in %v. Image size: %d bytes.", c.Image, took, img.Size)}, nil
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
