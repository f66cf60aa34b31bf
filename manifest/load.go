package manifest

import (
	"slices"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Options is what the command line says about all documents.
type Options struct {
	// Namespace is that of objects whose document names none; empty means
	// "default".
	Namespace string
	// OneNamespace refuses documents that name another namespace, as kubectl
	// does when -n is given.
	OneNamespace bool
}

// Set is the objects of all documents, checked one by one and against each
// other. Every object has its TypeMeta, its namespace and all defaults; what
// the API server fills in itself (uid, creationTimestamp, status) is empty,
// except for a uid that the document gives.
type Set struct {
	// Pods are in the order of the manifest.
	Pods []*v1.Pod
	// ConfigMaps are in the order of the manifest.
	ConfigMaps []*v1.ConfigMap
	// Secrets are in the order of the manifest; stringData is merged into data.
	Secrets []*v1.Secret
	// Warnings are in the order of files and lines.
	Warnings []Finding

	origins map[metav1.Object]*document
}

// Finding is a finding about a field of an object of the set, with the place
// where the field was written, or where its nearest relative was. An empty
// path means the object. The object must be one of the set's own pointers; of
// any other nothing is known but its name.
func (s *Set) Finding(object metav1.Object, path, message string) Finding {
	d, ok := s.origins[object]
	if !ok {
		return Finding{File: object.GetNamespace() + "/" + object.GetName(), Path: path, Message: message}
	}
	return d.finding(path, message, "")
}

// Load decodes, defaults and validates all documents of all sources. An error
// is always an [*Invalid], and holds every finding of every document. A set
// without a pod is no error here.
func Load(sources []Source, o Options) (*Set, error) {
	if o.Namespace == "" {
		o.Namespace = metav1.NamespaceDefault
	}
	l := loader{
		options:  o,
		set:      &Set{origins: map[metav1.Object]*document{}},
		declared: map[identity]*document{},
	}
	for _, s := range sources {
		l.source(s)
	}
	l.references()
	l.set.Warnings = sorted(l.set.Warnings, sources)
	if len(l.findings) > 0 {
		return nil, &Invalid{Findings: sorted(l.findings, sources), Warnings: l.set.Warnings}
	}
	return l.set, nil
}

// identity is what no two objects share.
type identity struct{ kind, namespace, name string }

type loader struct {
	options  Options
	set      *Set
	findings []Finding
	// declared holds the broken objects too, so that nobody is told that a
	// ConfigMap is missing when it is there and wrong.
	declared map[identity]*document
}

// maxFindings keeps a file of a million broken documents, which is no manifest
// at all, from taking minutes.
const maxFindings = 1000

func (l *loader) source(s Source) {
	data, unreadable := plainText(s)
	if unreadable != nil {
		l.findings = append(l.findings, *unreadable)
		return
	}
	for _, c := range split(data) {
		if len(l.findings) > maxFindings {
			l.findings = append(l.findings, Finding{File: s.Name, Line: c.first, Message: "too many findings: the rest is not checked"})
			return
		}
		d, findings := parse(s.Name, c)
		l.findings = append(l.findings, findings...)
		if d != nil {
			l.document(d)
		}
	}
}

// problem is an error about a field of a document.
func (l *loader) problem(d *document, path, message, hint string) {
	l.findings = append(l.findings, d.finding(path, message, hint))
}

func (l *loader) warn(d *document, path, message string) {
	l.set.Warnings = append(l.set.Warnings, d.finding(path, message, ""))
}

// warned reports whether there is a warning about the field already.
func (l *loader) warned(d *document, path string) bool {
	line := d.finding(path, "", "").Line
	return slices.ContainsFunc(l.set.Warnings, func(f Finding) bool {
		return f.File == d.file && f.Line == line && f.Path == path
	})
}

// declare enters an object under its name and keeps where it came from.
func (l *loader) declare(d *document, kind string, object metav1.Object) {
	l.set.origins[object] = d
	if object.GetName() == "" {
		return // validation says so
	}
	id := identity{kind, object.GetNamespace(), object.GetName()}
	if first, ok := l.declared[id]; ok {
		at := first.finding("metadata.name", "", "")
		l.problem(d, "metadata.name", "Duplicate value: \""+id.name+"\"", "the other "+kind+" of this name is at "+place(at))
		return
	}
	l.declared[id] = d
}
