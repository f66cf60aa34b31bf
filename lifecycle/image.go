package lifecycle

import "fmt"

// ensure begins an attempt to start the container.
func (n *stepper) ensure(c *container) {
	c.stage = ensuring
	n.do(EnsureImage{c.spec.Name})
}

func (n *stepper) imageThere(c *container, e ImageReady) {
	message := e.Message
	if message == "" {
		message = fmt.Sprintf("Container image %q already present on machine and can be accessed by the pod", c.spec.Image)
	}
	n.normal(c, ReasonPulled, message)
	c.image, c.imageID = e.Image, e.ImageID
	if n.isReset(c) {
		n.remove(c)
		return
	}
	c.stage = queued
	if c.place < n.turn {
		n.start(c) // its turn went by: only first starts are ordered
	}
}

// imageMissing follows pkg/kubelet/images/image_manager.go: only a pull raises
// the back-off; an image that is not to be pulled is looked for at every sync.
func (n *stepper) imageMissing(c *container, e ImageFailed) {
	c.reason, c.message = e.Reason, e.Message
	switch e.Reason {
	case ReasonImageNeverPull:
		n.warning(c, ReasonImageNeverPull, e.Message)
	case ReasonImageInspect, ReasonImageInvalidName:
		n.warning(c, ReasonInspectFailed, e.Message)
	default:
		n.warning(c, ReasonFailed, fmt.Sprintf("Failed to pull image %q: %s", c.spec.Image, e.Message))
		c.pull = n.pull.next(c.pull, n.now, n.now)
		c.pullError = e.Reason + ": " + e.Message
	}
	n.waitForImage(c)
}

func (n *stepper) waitForImage(c *container) {
	n.warning(c, ReasonFailed, "Error: "+c.reason)
	if n.isReset(c) {
		n.remove(c)
		return
	}
	c.stage = imageWait
	n.arm(c, TimerImage, n.now.Add(n.scaled(syncPeriod)))
}

// lookAtImageAgain is a kubelet's sync of a container without image: within the
// back-off it says so and waits on. ErrImagePull is therefore what shows for
// the first sync period, ImagePullBackOff for the rest.
func (n *stepper) lookAtImageAgain(c *container, _ TimerFired) {
	c.fired()
	if n.now.Sub(c.pull.last) >= n.pull.wait(c.pull, n.now) {
		n.ensure(c)
		return
	}
	message := fmt.Sprintf("Back-off pulling image %q", c.spec.Image)
	n.normal(c, ReasonBackOff, message)
	c.reason, c.message = ReasonImagePullBackOff, message+": "+c.pullError
	n.waitForImage(c)
}
