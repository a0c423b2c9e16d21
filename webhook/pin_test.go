// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	admission "k8s.io/api/admission/v1"

	"github.com/modelvet/modelvet/webhook"
)

const tagged = "registry.example/models/credit:v1"

// replaced are the values that a patch writes, by pointer.
func replaced(t *testing.T, v webhook.Review) map[string]string {
	t.Helper()
	out := map[string]string{}
	if !v.Response.Allowed {
		t.Errorf("the mutation refuses: %+v", v.Response)
	}
	if v.Response.Patch == nil {
		return out
	}
	var ops []struct{ Op, Path, Value string }
	if err := json.Unmarshal(v.Response.Patch, &ops); err != nil || *v.Response.PatchType != admission.PatchTypeJSONPatch {
		t.Fatalf("%v %s", err, v.Response.Patch)
	}
	for i, o := range ops {
		if o.Op == "replace" {
			if ops[i-1].Op != "test" || ops[i-1].Path != o.Path {
				t.Errorf("%s is written without a look at what stood there", o.Path)
			}
			out[o.Path] = o.Value
		}
	}
	return out
}

func podWith(spec map[string]any) map[string]any {
	if spec["containers"] == nil {
		spec["containers"] = []any{map[string]any{"name": "a", "image": "srv"}}
	}
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": spec}
}

func TestPin(t *testing.T) {
	r := reviewer(t, &registry{}, webhook.DefaultFreshness)
	volume := func(ref string) map[string]any {
		return map[string]any{"name": "m", "image": map[string]any{"reference": ref}}
	}
	for name, c := range map[string]struct {
		object map[string]any
		want   map[string]string
	}{
		"image volume": {volumePod(tagged), map[string]string{"/spec/volumes/0/image/reference": okRef}},
		"two of three": {podWith(map[string]any{"volumes": []any{volume(okRef), volume(tagged)}, "initContainers": []any{map[string]any{"name": "modelcar", "image": tagged}}}),
			map[string]string{"/spec/volumes/1/image/reference": okRef, "/spec/initContainers/0/image": okRef}},
		"driver of ModelPack": {podWith(map[string]any{"volumes": []any{map[string]any{"name": "m", "csi": map[string]any{"driver": "model.csi.modelpack.org", "volumeAttributes": map[string]any{"model.csi.modelpack.org/reference": tagged}}}}}),
			map[string]string{"/spec/volumes/0/csi/volumeAttributes/model.csi.modelpack.org~1reference": okRef}},
		"with its scheme":         {podWith(map[string]any{"containers": []any{map[string]any{"name": "a", "image": "srv", "env": []any{map[string]any{"name": "STORAGE_URI", "value": "oci://" + tagged}}}}}), map[string]string{"/spec/containers/0/env/0/value": "oci://" + okRef}},
		"deployment":              {map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "spec": map[string]any{"template": volumePod(tagged)}}, map[string]string{"/spec/template/spec/volumes/0/image/reference": okRef}},
		"pinned already":          {volumePod(okRef), nil},
		"not approved":            {volumePod(badRef), nil},
		"nothing there":           {volumePod("registry.example/other:v1"), nil},
		"part of an argument":     {podWith(map[string]any{"containers": []any{map[string]any{"name": "a", "image": "vllm", "args": []any{"--model=oci://" + tagged}}}}), nil},
		"what cannot be checked":  {podWith(map[string]any{"containers": []any{map[string]any{"name": "a", "image": "srv", "env": []any{map[string]any{"name": "STORAGE_URI", "value": "s3://b/m"}}}}}), nil},
		"a document in a string":  {map[string]any{"apiVersion": "ray.io/v1", "kind": "RayService", "spec": map[string]any{"serveConfigV2": "applications: [{args: {llm_configs: [{model_loading_config: {model_source: 'oci://" + tagged + "'}}]}}]"}}, nil},
		"an object that is empty": {map[string]any{"apiVersion": "v1", "kind": "Pod"}, nil},
	} {
		v := r.Pin(t.Context(), request(t, "ml", admission.Create, c.object, nil))
		got := replaced(t, v)
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if again := r.Pin(t.Context(), request(t, "ml", admission.Create, c.object, nil)); string(again.Response.Patch) != string(v.Response.Patch) {
			t.Errorf("%s: another patch for the same object", name)
		}
	}
	pinnedPod := volumePod(okRef)
	if v := r.Review(t.Context(), request(t, "ml", admission.Create, pinnedPod, nil)); !v.Response.Allowed {
		t.Errorf("what the mutation writes is refused: %+v", v.Response)
	}
}

// An update that leaves a tag as it was is not touched: image volumes cannot change.
func TestPinOfUpdates(t *testing.T) {
	r := reviewer(t, &registry{}, webhook.DefaultFreshness)
	if got := replaced(t, r.Pin(t.Context(), request(t, "ml", admission.Update, volumePod(tagged), volumePod(tagged)))); len(got) > 0 {
		t.Errorf("unchanged: %v", got)
	}
	if got := replaced(t, r.Pin(t.Context(), request(t, "ml", admission.Update, volumePod(tagged), volumePod(okRef)))); len(got) != 1 {
		t.Errorf("changed: %v", got)
	}
	for _, op := range []admission.Operation{admission.Delete, admission.Connect} {
		if got := replaced(t, r.Pin(t.Context(), request(t, "ml", op, volumePod(tagged), nil))); len(got) > 0 {
			t.Errorf("%s: %v", op, got)
		}
	}
}

// Where nothing is enforced nothing is written; an outage pins nothing and lets the validation speak.
func TestPinStaysAway(t *testing.T) {
	j := &registry{}
	r := reviewer(t, j, webhook.DefaultFreshness)
	for _, ns := range []string{"watched", "unknown"} {
		if got := replaced(t, r.Pin(t.Context(), request(t, ns, admission.Create, volumePod(tagged), nil))); len(got) > 0 {
			t.Errorf("%s: %v", ns, got)
		}
	}
	down := errors.New("503")
	j.fail.Store(&down)
	if got := replaced(t, r.Pin(t.Context(), request(t, "ml", admission.Create, volumePod(tagged), nil))); len(got) > 0 {
		t.Errorf("registry down: %v", got)
	}
	h := webhook.NewPinHandler(r, nil, nil)
	v := post(t, h, "/mutate?timeout=1s", envelope(t, request(t, "ml", admission.Create, volumePod(tagged), nil)))
	if !v.Response.Allowed || v.Response.UID != "u" {
		t.Errorf("%+v", v.Response)
	}
}

// Whatever the object, the mutation writes references that it verified, and only in place of references.
func FuzzPin(f *testing.F) {
	r := reviewer(f, &registry{}, webhook.DefaultFreshness)
	for _, o := range []map[string]any{volumePod(tagged), podWith(map[string]any{"containers": []any{map[string]any{"name": "modelcar", "image": tagged}}})} {
		raw, _ := json.Marshal(o)
		f.Add(raw)
	}
	f.Add([]byte(`{"spec":{"volumes":[{"image":{"reference":"registry.example/models/credit"}}],"a\"b.c":{"d/e~f":"oci://registry.example/models/credit:v1"}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		req := &admission.AdmissionRequest{UID: "u", Namespace: "ml", Operation: admission.Create}
		req.Kind.Kind, req.Object.Raw = "Pod", raw
		v := r.Pin(t.Context(), req)
		values := slices.Collect(maps.Values(replaced(t, v)))
		if slices.ContainsFunc(values, func(s string) bool { return !strings.HasSuffix(s, "registry.example/models/credit@"+digest("a")) }) {
			t.Fatalf("%s: %s", raw, v.Response.Patch)
		}
	})
}
