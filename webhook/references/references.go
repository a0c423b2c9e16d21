// SPDX-License-Identifier: Apache-2.0

// Package references finds the places of a Kubernetes object that name a model.
// The places are data (table.yaml, and rows of the user's); what stands there is
// returned as it is, with how sure it is that it names a model. The package
// judges nothing, fetches nothing, and must never leave a reference out because
// it could not be read: what cannot be read is returned as unresolved.
package references

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Confidence says how sure it is that a place names the model that runs.
type Confidence string

const (
	Declared Confidence = "declared" // the field exists to name a model
	Inferred Confidence = "inferred" // it usually does: an argument, an environment variable, a string that looks like it
)

// Reference is one place that names a model.
type Reference struct {
	Row        string     // of the table; "unmapped" for a string that no row knows
	Path       string     // where it stands: "spec.volumes[0].image.reference"
	Value      string     // what stands there
	Confidence Confidence // declared or inferred
	OCI        string     // HOST/REPOSITORY:TAG or @sha256:..., where the value leads to a registry
	Unresolved string     // why what it leads to cannot be checked here; empty when OCI says it
	Object     bool       // it names another object of the cluster, which is checked where it is made
	Weak       bool       // nothing but a scheme that also leads to other things than models
	ImageMount bool       // the kubelet mounts it, so that it must be an image, not an artifact
}

// Limits of one object. What is beyond them is an error, never an empty answer.
const (
	MaxDepth      = 200
	MaxReferences = 5000
	maxEmbedded   = 1 << 20
)

// ErrTooLarge says that an object was not read to its end.
var ErrTooLarge = errors.New("the object is nested too deep, or names too many models, to be looked at")

// Find returns every reference of an object, sorted by path. group and kind are
// those of the request, not what the object says of itself.
func (t Table) Find(group, kind string, object map[string]any) (found []Reference, err error) {
	if depth(object, 0) > MaxDepth {
		return nil, ErrTooLarge
	}
	f := &finder{table: t, seen: map[string]bool{}, pods: isPodKind(group, kind)}
	for _, r := range t.byKind[kind] {
		if r.Group == group {
			f.row(r, object, "", nil)
		}
	}
	f.unmapped(object)
	if len(f.found) > MaxReferences {
		return nil, ErrTooLarge
	}
	slices.SortFunc(f.found, func(a, b Reference) int { return strings.Compare(a.Path, b.Path) })
	return f.found, nil
}

// Knows tells whether the table has a row for a kind.
func (t Table) Knows(group, kind string) bool {
	return slices.ContainsFunc(t.byKind[kind], func(r Row) bool { return r.Group == group })
}

func isPodKind(group, kind string) bool { return group == "" || group == "apps" || group == "batch" }

func depth(v any, at int) int {
	if at > MaxDepth {
		return at
	}
	most := at
	switch v := v.(type) {
	case map[string]any:
		for _, c := range v {
			most = max(most, depth(c, at+1))
		}
	case []any:
		for _, c := range v {
			most = max(most, depth(c, at+1))
		}
	}
	return most
}

type finder struct {
	table Table
	found []Reference
	seen  map[string]bool // path and value
	pods  bool            // the object is a pod or one of its controllers: mounts are complete
}

// row applies one row below v. pod is the PodSpec that v is, where it is one.
func (f *finder) row(r Row, v any, base string, pod map[string]any) {
	walk(v, r.path, base, nil, func(path string, v any, parent map[string]any) {
		f.read(r, path, v, parent, pod)
	})
}

func (f *finder) read(r Row, path string, v any, parent, pod map[string]any) {
	if s, ok := v.(string); ok && s == "" || v == nil {
		return
	}
	if r.Unless != "" && parent[r.Unless] != nil {
		return
	}
	switch r.Reads {
	case "pod":
		if spec, ok := v.(map[string]any); ok {
			for _, p := range f.table.byKind["PodSpec"] {
				f.row(p, spec, path, spec)
			}
		}
	case "container":
		f.container(path, v)
	case "env", "env-hub":
		f.env(r, path, v, pod)
	case "pairs":
		f.pairs(r, path, v, parent, pod)
	case "arguments":
		f.arguments(r, path, v, pod)
	case "repository":
		f.repository(r, path, v)
	case "storage":
		f.add(r, Reference{Path: path, Value: fmt.Sprintf("storage %.200v", v), Unresolved: "it names a bucket by a key of a secret; nothing pins its content"})
	default:
		f.text(r, path, v, nil, pod)
	}
}

// container reads a map that is a container without being in a list of them.
func (f *finder) container(path string, v any) {
	c, ok := v.(map[string]any)
	if !ok {
		return
	}
	if c["name"] == nil {
		c = withName(c)
	}
	spec := map[string]any{"containers": []any{c}}
	for _, p := range f.table.byKind["PodSpec"] {
		walk(spec, p.path, path, nil, func(at string, v any, parent map[string]any) {
			f.read(p, strings.Replace(at, ".containers[0]", "", 1), v, parent, nil)
		})
	}
}

func withName(c map[string]any) map[string]any {
	out := map[string]any{"name": "model"}
	for k, v := range c {
		out[k] = v
	}
	return out
}

// text reads a string by the kind of the row; anything else than a string is unresolved.
func (f *finder) text(r Row, path string, v any, container, pod map[string]any) {
	s, ok := v.(string)
	if !ok {
		if m, isMap := v.(map[string]any); isMap && m["bucket_uri"] != nil {
			return // a row of its own
		}
		f.add(r, Reference{Path: path, Value: fmt.Sprintf("%.200v", v), Unresolved: "it is no string"})
		return
	}
	f.add(r, f.classify(r.Reads, path, strings.TrimSpace(s), container, pod))
}

func (f *finder) add(r Row, ref Reference) {
	key := ref.Path + "\x00" + ref.Value
	if ref.Path == "" || f.seen[key] {
		return
	}
	f.seen[key] = true
	ref.Row, ref.Confidence = r.ID, r.Confidence
	if r.Reads == "name" {
		ref.Object, ref.OCI, ref.Unresolved = true, "", ""
	}
	ref.ImageMount = r.ID == "pod-image-volume"
	f.found = append(f.found, ref)
}

var (
	ociScheme   = regexp.MustCompile(`^(?i:oci(\+[a-z]+)?)://`)
	anyScheme   = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://`)
	modelScheme = regexp.MustCompile(`(?i)\b(oci(\+[a-z]+)?|hf|huggingface|modelscope|model-registry|ollama|ngc|mlflow|kaggle)://[^\s'"<>\\]+`)
	weakScheme  = regexp.MustCompile(`(?i)\b(s3|s3a|gs|gcs|oss|abfss?|wasbs?|hdfs|webhdfs|pvc)://[^\s'"<>\\]+`)
	variable    = regexp.MustCompile(`\$[({]?[A-Za-z_][A-Za-z0-9_]*[)}]?|\{\{`)
)

// Classify says what a single text leads to that stands nowhere: an image
// reference, or a URI.
func Classify(s string) Reference {
	ref := (&finder{}).classify("image", "", s, nil, nil)
	ref.Value = s
	if ref.OCI == "" && ref.Unresolved == "" {
		ref.Unresolved = "it names no artifact in a registry"
	}
	return ref
}

// classify says what a text leads to.
func (f *finder) classify(reads, path, s string, container, pod map[string]any) Reference {
	ref := Reference{Path: path, Value: s}
	switch {
	case s == "":
		return Reference{}
	case variable.MatchString(s):
		ref.Unresolved = "it is put together when the container starts"
	case ociScheme.MatchString(s):
		ref.OCI = ociScheme.ReplaceAllString(s, "")
	case strings.HasPrefix(strings.ToLower(s), "model-registry://"):
		ref.Unresolved = "a model registry can lead elsewhere tomorrow; write what it leads to: oci://HOST/REPOSITORY@sha256:..."
	case strings.HasPrefix(strings.ToLower(s), "pvc://"):
		ref.Unresolved = "nothing pins the content of a volume claim"
	case anyScheme.MatchString(s):
		ref.Unresolved = "nothing pins the bytes at this address; pack the model and use oci://HOST/REPOSITORY@sha256:..."
	case reads == "image":
		ref.OCI = s
	case strings.HasPrefix(s, "/") || strings.HasPrefix(s, "."):
		return f.file(ref, container, pod)
	default:
		ref.Unresolved = "a name in a model hub pins nothing; pack the model and use oci://HOST/REPOSITORY@sha256:..."
	}
	return ref
}

func (f *finder) repository(r Row, path string, v any) {
	m, _ := v.(map[string]any)
	repo, _ := m["repository"].(string)
	tag, _ := m["tag"].(string)
	switch {
	case repo == "":
		f.add(r, Reference{Path: path, Value: fmt.Sprintf("%.200v", v), Unresolved: "it has no repository"})
	case strings.HasPrefix(tag, "sha256:"):
		f.add(r, Reference{Path: path, Value: repo + "@" + tag, OCI: repo + "@" + tag})
	case tag == "" || strings.Contains(repo, "@"):
		f.add(r, Reference{Path: path, Value: repo, OCI: repo})
	default:
		f.add(r, Reference{Path: path, Value: repo + ":" + tag, OCI: repo + ":" + tag})
	}
}

// unmapped finds what looks like a model and stands where no row looks. The
// object's metadata and status name nothing that runs.
func (f *finder) unmapped(object map[string]any) {
	known := map[string]bool{}
	for _, r := range f.found {
		known[r.Value] = true
	}
	for k, v := range object {
		if k != "metadata" && k != "status" && k != "apiVersion" && k != "kind" {
			f.scan(k, v, known)
		}
	}
}

func (f *finder) scan(path string, v any, known map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, c := range v {
			if k != "annotations" && k != "managedFields" {
				f.scan(path+"."+k, c, known)
			}
		}
	case []any:
		for i, c := range v {
			f.scan(fmt.Sprintf("%s[%d]", path, i), c, known)
		}
	case string:
		f.scanText(path, v, known)
	}
}

func (f *finder) scanText(path, s string, known map[string]bool) {
	if !strings.Contains(s, "://") {
		return
	}
	row := Row{ID: "unmapped", Confidence: Inferred}
	for _, m := range modelScheme.FindAllString(s, MaxReferences) {
		if !known[m] {
			f.add(row, f.classify("uri", path, m, nil, nil))
		}
	}
	for _, m := range weakScheme.FindAllString(s, MaxReferences) {
		if !known[m] {
			ref := f.classify("uri", path, m, nil, nil)
			ref.Weak = true
			f.add(row, ref)
		}
	}
}

// built are the resources of Kubernetes itself in which pods hide.
var built = map[string][]string{
	"":      {"pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers"},
	"apps":  {"deployments", "replicasets", "statefulsets", "daemonsets"},
	"batch": {"jobs", "cronjobs"},
}

// Gates tells whether a resource may name models: it is one of those in the
// rules of the webhook's registration.
func (t Table) Gates(group, resource, subresource string) bool {
	if subresource != "" {
		resource += "/" + subresource
	}
	if list, ok := built[group]; ok {
		return slices.Contains(list, resource)
	}
	return subresource == "" && slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Group == group && group != "" })
}

// Groups are the API groups that the table has kinds of, sorted.
func (t Table) Groups() []string {
	var out []string
	for _, r := range t.Rows {
		out = append(out, r.Group)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
