// Package netns is the pod's network. In this version that is a namespace of
// the pod's own in which only the loopback device is up; addresses, routes,
// host ports and services are not built yet.
package netns
