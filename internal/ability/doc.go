// Package ability says what this machine can do, so that a test that needs
// more is skipped under a name, and an unexpected skip can be told from an
// expected one.
//
// Every test that needs the real kernel calls [Need] first, and nothing in
// this project calls t.Skip itself: the table at the end of `make test` counts
// skips by ability and fails on one that is not expected on this kind of
// machine. An ability is tried, not guessed from a version.
package ability
