package lifecycle

import (
	"slices"

	v1 "k8s.io/api/core/v1"
)

// addEphemeral notes a container that starts as soon as there is a sandbox.
func (n *stepper) addEphemeral(e EphemeralAdded) {
	spec := v1.Container(e.Container.EphemeralContainerCommon)
	c := newContainer(&spec, ephemeral, true)
	n.containers = append(slices.Clip(n.containers), c)
	n.owned = append(n.owned, c)
}

// startEphemeral starts it at once: it waits for no init container.
func (n *stepper) startEphemeral(e EphemeralAdded) {
	n.addEphemeral(e)
	n.ensure(n.containers[len(n.containers)-1])
}
