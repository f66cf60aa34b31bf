package state

import (
	"errors"
	"fmt"
	"io/fs"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// asked is pod.json: the pod that is to be, as the API server would keep it.
type asked struct {
	header
	Pod *v1.Pod `json:"pod"`
}

// published is status.json: what changes while the pod lives. The
// specification is not repeated, so that a write stays cheap.
type published struct {
	header
	Finished bool              `json:"finished,omitempty"`
	Metadata metav1.ObjectMeta `json:"metadata"`
	Status   v1.PodStatus      `json:"status"`
}

// WriteSpec puts down the defaulted pod. It comes first: from here on the
// directory holds a pod, which readers see and a crash turns into an orphan.
func (o *Owned) WriteSpec(pod *v1.Pod) error {
	if err := writeJSON(o.dir, specFile, asked{header{Version}, pod}); err != nil {
		return fmt.Errorf("specification of pod %s/%s: %w", o.namespace, o.name, err)
	}
	o.spec = true
	return nil
}

// WriteStatus publishes the pod's metadata and status for readers. The
// specification in pod is ignored.
func (o *Owned) WriteStatus(pod *v1.Pod) error { return o.publish(pod, false) }

// Finish publishes the last status of a pod whose steps are all undone, and
// drops the journal. After Release the pod is kept for readers as Finished.
func (o *Owned) Finish(pod *v1.Pod) error {
	if err := o.publish(pod, true); err != nil {
		return err
	}
	o.finished = true
	if o.journal != nil {
		if err := o.journal.close(); err != nil {
			return err
		}
		o.journal = nil
	}
	if err := o.dir.Remove(journalFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (o *Owned) publish(pod *v1.Pod, finished bool) error {
	s := published{header{Version}, finished, pod.ObjectMeta, pod.Status}
	if err := writeJSON(o.dir, statusFile, s); err != nil {
		return fmt.Errorf("status of pod %s/%s: %w", o.namespace, o.name, err)
	}
	return nil
}

// Spec reads back what WriteSpec put down, perhaps by an earlier owner, with
// the metadata and status that were published last.
func (o *Owned) Spec() (*v1.Pod, error) {
	pod, _, err := readPod(o.dir)
	return pod, err
}
