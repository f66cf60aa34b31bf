package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Event is one thing that happened to a pod, told in a kubelet's words.
type Event struct {
	At        time.Time
	Type      string // v1.EventTypeNormal or v1.EventTypeWarning
	Reason    string // CamelCase, as pkg/kubelet/events has them
	Message   string
	Container string // its name, or "" for an event of the pod itself
}

// series is a record of the events file: equal events and their number. An
// event is recorded as a series of one; whoever reads adds them up, so that
// recording one costs a single write.
type series struct {
	Type      string    `json:"type"`
	Reason    string    `json:"reason"`
	Message   string    `json:"message"`
	Container string    `json:"container,omitempty"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	Count     int32     `json:"count"`
	Similar   bool      `json:"similar,omitempty"`
}

// The numbers of client-go's tools/record/events_cache.go: from the tenth
// message under one reason within ten minutes, the rest are one series.
const (
	similarMessages = 10
	similarInterval = 600 * time.Second
	similarPrefix   = "(combined from similar events): "
)

const (
	eventsMaxBytes = 64 << 10 // beyond it the file is written anew, added up
	eventsKept     = 200      // series that outlive that
)

// Event records one event. Equal ones are counted, not repeated.
func (o *Owned) Event(e Event) error {
	err := o.openEvents()
	if err != nil {
		return fmt.Errorf("events: %w", err)
	}
	b, err := json.Marshal(series{e.Type, e.Reason, e.Message, e.Container, e.At, e.At, 1, false})
	if err != nil {
		return fmt.Errorf("event as JSON: %w", err)
	}
	if err := o.events.Append(b); err != nil {
		return fmt.Errorf("events: %w", err)
	}
	if o.events.size > eventsMaxBytes {
		return o.compactEvents()
	}
	return nil
}

func (o *Owned) openEvents() (err error) {
	if o.events == nil {
		o.events, err = openJournal(o.dir, eventsFile)
	}
	return err
}

// compactEvents replaces the file by its sum.
func (o *Owned) compactEvents() error {
	sum, err := readSeries(o.dir)
	if err != nil {
		return err
	}
	buf := appendFrame(nil, []byte(Version))
	for _, s := range sum[max(0, len(sum)-eventsKept):] {
		b, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("events as JSON: %w", err)
		}
		buf = appendFrame(buf, b)
	}
	if err := writeWhole(o.dir, eventsFile, buf); err != nil {
		return err
	}
	err = o.events.close()
	o.events = nil
	return err
}

// Events reads a pod's events, oldest last occurrence first, as an API server
// would list them. The error wraps ErrNotFound when there is no such pod.
func Events(d Dirs, namespace, name string) ([]v1.Event, error) {
	dir, err := os.OpenRoot(d.PodDir(namespace, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(namespace, name)
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	pod, _, err := readPod(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(namespace, name)
	}
	if err != nil {
		return nil, err
	}
	sum, err := readSeries(dir)
	events := make([]v1.Event, len(sum))
	for i, s := range sum {
		events[i] = s.event(pod)
	}
	return events, err
}

func (s series) event(pod *v1.Pod) v1.Event {
	ref := v1.ObjectReference{Kind: "Pod", APIVersion: "v1", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}
	if s.Container != "" {
		ref.FieldPath = "spec.containers{" + s.Container + "}"
		if slices.ContainsFunc(pod.Spec.InitContainers, func(c v1.Container) bool { return c.Name == s.Container }) {
			ref.FieldPath = "spec.initContainers{" + s.Container + "}"
		}
	}
	return v1.Event{
		TypeMeta: metav1.TypeMeta{Kind: "Event", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{
			// As client-go's recorder names them.
			Name:              fmt.Sprintf("%s.%x", pod.Name, s.First.UnixNano()),
			Namespace:         pod.Namespace,
			CreationTimestamp: metav1.NewTime(s.First),
		},
		InvolvedObject:      ref,
		Reason:              s.Reason,
		Message:             s.Message,
		Source:              v1.EventSource{Component: "minipod"},
		FirstTimestamp:      metav1.NewTime(s.First),
		LastTimestamp:       metav1.NewTime(s.Last),
		Count:               s.Count,
		Type:                s.Type,
		ReportingController: "minipod",
	}
}

func readSeries(dir *os.Root) ([]series, error) {
	records, err := readRecords(dir, eventsFile)
	if err != nil {
		return nil, err
	}
	all := make([]series, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r, &all[i]); err != nil {
			return nil, fmt.Errorf("events record %d: %w", i+1, err)
		}
	}
	return addUp(all), nil
}

// seriesKey is what makes two events the same one; without Message and
// Container, what makes them similar.
type seriesKey struct{ Type, Reason, Message, Container string }

type similar struct {
	messages map[string]bool
	last     time.Time
}

// addUp merges equal and similar events, in the order of their last
// occurrence. Adding up a sum again with later events gives what adding up all
// at once would have given, except that a sum no longer knows how many
// different messages made it.
func addUp(all []series) []series {
	groups := map[seriesKey]*similar{}
	at := map[seriesKey]int{}
	var sum []series
	for _, s := range all {
		group := seriesKey{Type: s.Type, Reason: s.Reason}
		key := seriesKey{s.Type, s.Reason, s.Message, s.Container}
		if !s.Similar && tooMany(groups, group, s) {
			s.Similar = true
			s.Message = similarPrefix + strings.TrimPrefix(s.Message, similarPrefix)
		}
		if s.Similar {
			key = seriesKey{s.Type, s.Reason, similarPrefix, ""}
		}
		i, known := at[key]
		if !known {
			at[key] = len(sum)
			sum = append(sum, s)
			continue
		}
		sum[i].Count += s.Count
		sum[i].Last, sum[i].Message = s.Last, s.Message
	}
	slices.SortStableFunc(sum, func(a, b series) int { return a.Last.Compare(b.Last) })
	return sum
}

func tooMany(groups map[seriesKey]*similar, key seriesKey, s series) bool {
	g := groups[key]
	if g == nil || s.First.Sub(g.last) > similarInterval {
		g = &similar{messages: map[string]bool{}}
		groups[key] = g
	}
	g.last = s.Last
	if g.messages[s.Message] {
		return false
	}
	if len(g.messages) >= similarMessages-1 {
		return true
	}
	g.messages[s.Message] = true
	return false
}
