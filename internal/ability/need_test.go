package ability_test

import (
	"testing"

	"github.com/minipod/minipod/internal/ability"
)

func TestAnAbilityThatIsThereDoesNotSkip(t *testing.T) {
	ability.Need(t, ability.GoTool)
	if t.Skipped() {
		t.Fatal("skipped")
	}
}

func TestEitherKindOfCgroup(t *testing.T) {
	v1, v2 := ability.CgroupV1.Err(), ability.CgroupV2.Err()
	if v1 != nil && v2 != nil {
		t.Errorf("neither kind of cgroup: %v; %v", v1, v2)
	}
}
