package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
)

// Step is one thing done to the host. An implementation is a pointer to a
// struct whose exported fields are all it needs, and survive JSON.
type Step interface {
	// Kind names the step in the journal: the room, a dot, the noun.
	Kind() string
	// String is the step as one line for people, without a newline.
	String() string
	// Do has the effect. When it fails, the effect may be there in part.
	Do(ctx context.Context) error
	// Undo takes the effect back. It works from the value alone, in any
	// process, and succeeds when there is nothing (left) to take back.
	Undo(ctx context.Context) error
}

// Kinds maps the name of a kind to its Go type, so that a journal can be read.
type Kinds map[string]reflect.Type

// NewKinds registers the kind of each given value, of which only the type
// counts. Two types that share a name are a bug of minipod's and panic.
func NewKinds(steps ...Step) Kinds {
	k := Kinds{}
	for _, s := range steps {
		if _, ok := k[s.Kind()]; ok {
			panic("plan: two step kinds are called " + s.Kind())
		}
		k[s.Kind()] = reflect.TypeOf(s).Elem()
	}
	return k
}

// encoded is a step as it stands in the journal.
type encoded struct {
	Kind string          `json:"kind"`
	Step json.RawMessage `json:"step"`
}

func encode(s Step) (encoded, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return encoded{}, fmt.Errorf("step %s as JSON: %w", s.Kind(), err)
	}
	return encoded{Kind: s.Kind(), Step: raw}, nil
}

func (k Kinds) decode(e encoded) (Step, error) {
	t, ok := k[e.Kind]
	if !ok {
		return nil, fmt.Errorf("journal holds a step of the unknown kind %q: it was written by another version of minipod", e.Kind)
	}
	s := reflect.New(t).Interface().(Step)
	if err := json.Unmarshal(e.Step, s); err != nil {
		return nil, fmt.Errorf("journal step of kind %s: %w", e.Kind, err)
	}
	return s, nil
}
