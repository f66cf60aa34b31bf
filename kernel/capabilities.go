package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// capabilities is what capset(2) takes: a header and two halves of three sets.
type capabilities struct {
	header unix.CapUserHeader
	data   [2]unix.CapUserData
}

// ForgetInheritable empties the child's inheritable and ambient sets and keeps
// the others as the calling thread has them. What a service manager gave
// minipod to pass on would reach the container otherwise: execve takes from
// the inheritable set without asking the bounding set.
func (p *Program) ForgetInheritable() {
	c := newCapabilities()
	if err := unix.Capget(&c.header, &c.data[0]); err != nil {
		p.err = fail("capget", "", err)
		return
	}
	for i := range c.data {
		c.data[i].Inheritable = 0
	}
	p.capset("inheritable capabilities", c)
}

// DropCapabilities empties all sets but the bounding one. The change from user
// 0 to another does the same, unless the securebits say otherwise.
func (p *Program) DropCapabilities() { p.capset("drop of all capabilities", newCapabilities()) }

func (p *Program) capset(what string, c *capabilities) {
	p.kept = append(p.kept, unsafe.Pointer(c))
	p.add(what, unix.SYS_CAPSET, uintptr(unsafe.Pointer(&c.header)), uintptr(unsafe.Pointer(&c.data[0])))
}

func newCapabilities() *capabilities {
	return &capabilities{header: unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}}
}
