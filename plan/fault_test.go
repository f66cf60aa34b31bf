//go:build minipod_fault

package plan_test

import (
	"context"
	"errors"
	"testing"

	"github.com/minipod/minipod/plan"
)

func TestInjectedFaultFailsTheNthStep(t *testing.T) {
	reset()
	t.Setenv("MINIPOD_FAULT", "fail,before,2")
	r := &plan.Run{Journal: &journal{}}
	err := r.Do(context.Background(), "", &thing{Name: "a"}, &thing{Name: "b"}, &thing{Name: "c"})
	if !errors.Is(err, plan.ErrInjected) || names(r.Due()) != "a b" || the.has["b"] {
		t.Errorf("error %v, due %s, world %v", err, names(r.Due()), the.has)
	}
}
