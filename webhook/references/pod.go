// SPDX-License-Identifier: Apache-2.0

package references

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// words are what a container runs: its command and its arguments, where a
// shell's line is cut into its words.
func words(container map[string]any) []string {
	var out []string
	for _, field := range []string{"command", "args"} {
		list, _ := container[field].([]any)
		for _, v := range list {
			s, _ := v.(string)
			for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n;&|`", r) }) {
				if w = strings.Trim(w, `'"\`); w != "" {
					out = append(out, w)
				}
			}
		}
	}
	return out
}

// env reads one environment variable. Where its value comes from elsewhere,
// nothing here says what it is.
func (f *finder) env(r Row, at string, v any, pod map[string]any) {
	m, _ := v.(map[string]any)
	if m["valueFrom"] != nil {
		f.add(r, Reference{Path: at, Value: fmt.Sprintf("%v", m["name"]), Unresolved: "its value comes from a field, a secret or a config map"})
		return
	}
	row := r
	row.Reads = map[string]string{"env": "uri", "env-hub": "hub"}[r.Reads]
	if s, ok := m["value"].(string); ok && s != "" {
		f.text(row, at+".value", s, f.containerAt(pod, at), pod)
	}
}

// containerAt finds the container of a path "...containers[0].env[1]".
func (f *finder) containerAt(pod map[string]any, at string) map[string]any {
	for _, c := range containers(pod) {
		if strings.Contains(at, c.path+".") || strings.HasSuffix(at, c.path) {
			return c.spec
		}
	}
	return nil
}

type container struct {
	path string
	spec map[string]any
}

func containers(pod map[string]any) []container {
	var out []container
	for _, field := range []string{"initContainers", "containers", "ephemeralContainers"} {
		list, _ := pod[field].([]any)
		for i, v := range list {
			if m, ok := v.(map[string]any); ok {
				out = append(out, container{fmt.Sprintf(".%s[%d]", field, i), m})
			}
		}
	}
	return out
}

// pairs reads the arguments of KServe's storage initializer: source, destination, source, ...
func (f *finder) pairs(r Row, at string, v any, parent, pod map[string]any) {
	list, _ := v.([]any)
	row := r
	row.Reads = "uri"
	for i, a := range list {
		if i%2 == 0 {
			f.text(row, fmt.Sprintf("%s[%d]", at, i), a, nil, nil)
		}
	}
}

var reference = regexp.MustCompile(`^\$(?:\(([A-Za-z_][A-Za-z0-9_]*)\)|\{?([A-Za-z_][A-Za-z0-9_]*)\}?)$`)

// arguments looks for the flags by which the servers of the field are told
// which model to load.
func (f *finder) arguments(r Row, at string, v any, pod map[string]any) {
	c, ok := v.(map[string]any)
	if !ok {
		return
	}
	row := r
	row.Reads = "hub"
	all := words(c)
	for i, w := range all {
		flag, value, joined := strings.Cut(w, "=")
		switch {
		case slices.Contains(r.Verbs, w) && serves(all, i) && i+1 < len(all) && !strings.HasPrefix(all[i+1], "-"):
			f.argument(row, at, w, all[i+1], c, pod)
		case !slices.Contains(r.Flags, flag) || flag == "-m" && i > 0 && strings.HasPrefix(path.Base(all[i-1]), "python"):
		case joined:
			f.argument(row, at, flag, value, c, pod)
		default:
			for _, value := range values(all[i+1:], strings.HasPrefix(flag, "--lora")) {
				f.argument(row, at, flag, value, c, pod)
			}
		}
	}
}

// serves tells the verb of "vllm serve MODEL" from other words.
func serves(all []string, i int) bool {
	return i == 0 || strings.Contains(path.Base(all[i-1]), "vllm") || strings.HasPrefix(path.Base(all[i-1]), "lmdeploy")
}

// values are the words after a flag: one, or all up to the next flag.
func values(rest []string, many bool) []string {
	n := 0
	for n < len(rest) && !strings.HasPrefix(rest[n], "-") && (many || n == 0) {
		n++
	}
	return rest[:n]
}

func (f *finder) argument(r Row, at, flag, value string, c, pod map[string]any) {
	if strings.HasPrefix(flag, "--lora") {
		if _, source, ok := strings.Cut(value, "="); ok {
			value = source
		}
	}
	value = strings.Trim(value, `'"\`)
	if m := reference.FindStringSubmatch(value); m != nil {
		if literal := envOf(c, m[1]+m[2]); literal != "" {
			value = literal
		}
	}
	f.text(r, at+".args("+flag+")", value, c, pod)
}

func envOf(c map[string]any, name string) string {
	list, _ := c["env"].([]any)
	for _, v := range list {
		if m, ok := v.(map[string]any); ok && m["name"] == name {
			s, _ := m["value"].(string)
			return s
		}
	}
	return ""
}

// file says where a path of a container comes from. A volume that is an
// approved model is checked as such; a volume that a checked container fills
// is good enough; of everything else nothing is known.
func (f *finder) file(ref Reference, c, pod map[string]any) Reference {
	if !f.pods || c == nil {
		return Reference{} // the pods that will be made of it are checked
	}
	name := mountOf(c, path.Clean(ref.Value))
	if name == "" {
		ref.Unresolved = "it is a path inside the container's own image, or of nothing that is mounted"
		return ref
	}
	volumes, _ := pod["volumes"].([]any)
	for _, v := range volumes {
		if m, ok := v.(map[string]any); ok && m["name"] == name {
			ref.Unresolved = f.volume(name, m, pod)
			if ref.Unresolved == "" {
				return Reference{}
			}
			return ref
		}
	}
	ref.Unresolved = fmt.Sprintf("volume %q is not in the pod", name)
	return ref
}

func (f *finder) volume(name string, volume, pod map[string]any) string {
	csi, _ := volume["csi"].(map[string]any)
	switch {
	case volume["image"] != nil || csi["driver"] == "model.csi.modelpack.org":
		return ""
	case volume["emptyDir"] != nil && f.filled(name, pod):
		return ""
	case volume["persistentVolumeClaim"] != nil:
		return "it lies on the volume claim of volume " + name + ", whose content nothing pins"
	}
	return "it lies on volume " + name + ", which is neither an image, nor a ModelPack volume, nor filled by a container that is checked"
}

// filled tells whether the volume is filled by a container that fetches a model and is checked.
func (f *finder) filled(name string, pod map[string]any) bool {
	return slices.ContainsFunc(containers(pod), func(c container) bool {
		called, _ := c.spec["name"].(string)
		image, _ := c.spec["image"].(string)
		fetches := called == "storage-initializer" && strings.Contains(image, "storage-initializer") || strings.HasPrefix(called, "modelcar")
		return fetches && mounts(c.spec, name)
	})
}

func mounts(c map[string]any, volume string) bool {
	list, _ := c["volumeMounts"].([]any)
	return slices.ContainsFunc(list, func(v any) bool {
		m, ok := v.(map[string]any)
		return ok && m["name"] == volume
	})
}

// mountOf names the volume that is mounted nearest above a path.
func mountOf(c map[string]any, file string) string {
	list, _ := c["volumeMounts"].([]any)
	best, name := "", ""
	for _, v := range list {
		m, _ := v.(map[string]any)
		at, _ := m["mountPath"].(string)
		at = path.Clean(at)
		if (file == at || strings.HasPrefix(file, strings.TrimSuffix(at, "/")+"/")) && len(at) > len(best) {
			best = at
			name, _ = m["name"].(string)
		}
	}
	return name
}
