package lifecycle

import (
	"fmt"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
)

// Step is the automaton: what the pod becomes by e, and what is to be done now.
// It does not change s. Where e cannot happen in s, the answer is s itself and
// one Bug.
func Step(s State, e Event) (State, []Action) {
	n := stepper{State: s, now: e.at()}
	if where, ok := n.take(e); !ok {
		return s, []Action{Bug{Event: e, State: where}}
	}
	n.goOnWithReset()
	n.initialize()
	n.takeTurns()
	n.finish()
	n.takeStopTurns()
	n.notePhase()
	n.noteConditions()
	return n.State, n.actions
}

// stepper is a State while it is changed.
type stepper struct {
	State
	now     time.Time
	actions []Action
	owned   []*container // those that no other State has
	first   [2]*container
}

// own is container i to be changed: a copy, since other States may have it.
func (n *stepper) own(i int) *container {
	c := n.containers[i]
	if slices.Contains(n.owned, c) {
		return c
	}
	if len(n.owned) == 0 {
		n.owned = n.first[:0]
		n.containers = slices.Clone(n.containers)
	}
	copied := *c
	n.containers[i] = &copied
	n.owned = append(n.owned, &copied)
	return &copied
}

// take looks e up in the tables and obeys. When e cannot happen, it says where
// the pod, container or probe stood.
func (n *stepper) take(e Event) (where string, ok bool) {
	a := addressOf(e)
	if !a.ofPod {
		return n.takeForContainer(a, e)
	}
	cell := podTable[n.stage][a.column]
	if cell == nil {
		return "the pod is " + podStageNames[n.stage], false
	}
	if added, ok := e.(EphemeralAdded); ok && n.find(added.Container.Name) != nil {
		return fmt.Sprintf("there is a container %q already", added.Container.Name), false
	}
	cell(n, e)
	return "", true
}

func (n *stepper) takeForContainer(a address, e Event) (where string, ok bool) {
	c := n.find(a.container)
	if c == nil {
		return fmt.Sprintf("there is no container %q", a.container), false
	}
	if _, isExit := e.(Exited); !isExit && a.instance != "" && a.instance != c.id() {
		return "", true // the hook or the check of an instance that is gone
	}
	if a.ofProbe {
		return n.takeForProbe(c, a, e)
	}
	if t, isTimer := e.(TimerFired); isTimer && (c.timer != t.Timer.Kind || n.now.Before(c.due)) {
		return "", true // stopped or set anew while it was on its way
	}
	cell := containerTable[c.stage][a.column]
	if cell == nil {
		return fmt.Sprintf("container %s is %s", c.spec.Name, stageNames[c.stage]), false
	}
	if x, isExit := e.(Exited); isExit && x.ID != c.id() {
		return fmt.Sprintf("container %s runs instance %s", c.spec.Name, c.id()), false
	}
	cell(n, c, e)
	return "", true
}

func (n *stepper) takeForProbe(c *container, a address, e Event) (where string, ok bool) {
	if a.kind >= probeKinds {
		return fmt.Sprintf("there is no probe of kind %d", a.kind), false
	}
	p := &c.probes[a.kind]
	if a.column == probeTimer && (p.stage != probeWaiting || n.now.Before(p.due)) {
		return "", true // stopped or set anew while it was on its way
	}
	cell := probeTable[p.stage][a.column]
	if cell == nil {
		return fmt.Sprintf("the %s probe of container %s is %s", a.kind, c.spec.Name, probeStageNames[p.stage]), false
	}
	cell(n, c, a.kind, e)
	return "", true
}

// find is the container of that name, to be changed.
func (n *stepper) find(name string) *container {
	for i, c := range n.containers {
		if c.spec.Name == name {
			return n.own(i)
		}
	}
	return nil
}

func (n *stepper) do(a Action) {
	if n.actions == nil {
		n.actions = make([]Action, 0, 4) // most steps need no more
	}
	n.actions = append(n.actions, a)
}

// record notes an event of the pod, or of c if it is not nil.
func (n *stepper) record(c *container, kind, reason, message string) {
	name := ""
	if c != nil {
		name = c.spec.Name
	}
	n.do(Record{Type: kind, Reason: reason, Message: message, Container: name})
}

func (n *stepper) normal(c *container, reason, message string) {
	n.record(c, v1.EventTypeNormal, reason, message)
}

func (n *stepper) warning(c *container, reason, message string) {
	n.record(c, v1.EventTypeWarning, reason, message)
}

// arm sets the container's one timer.
func (n *stepper) arm(c *container, kind TimerKind, at time.Time) {
	c.timer, c.due = kind, at
	n.do(SetTimer{Timer{kind, c.spec.Name}, at})
}

// disarm stops the container's timer, if it has one.
func (n *stepper) disarm(c *container) {
	if c.timer != noTimer {
		n.do(StopTimer{Timer{c.timer, c.spec.Name}})
		c.timer = noTimer
	}
}

// fired: the container's timer came by itself.
func (c *container) fired() { c.timer = noTimer }
