// SPDX-License-Identifier: Apache-2.0

// Package charts holds the Helm chart of the admission webhook, and renders it
// without Helm. There is one source of the manifests: the templates use nothing
// that text/template does not have, besides quote. It must never render a
// manifest that Helm would render otherwise.
package charts

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"
)

//go:embed all:modelvet
var chart embed.FS

// Release is what Helm knows beside the values.
type Release struct{ Name, Namespace string }

// Render renders every template of the chart, in the order of their names. A
// setting is written as for helm --set: "replicas=3", "image.tag=v1".
func Render(r Release, settings []string) ([]byte, error) {
	raw, err := fs.ReadFile(chart, "modelvet/values.yaml")
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(raw, &values); err != nil {
		return nil, fmt.Errorf("reading the chart's values: %w", err)
	}
	for _, s := range settings {
		if err := set(values, s); err != nil {
			return nil, err
		}
	}
	files, err := fs.Glob(chart, "modelvet/templates/*.yaml")
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var out bytes.Buffer
	for _, f := range files {
		if err := render(&out, f, map[string]any{"Values": values, "Release": r}); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// StaticName is that of the registration which no client of the API can take
// away: names that end so are kept for files on the API server's own disk.
const StaticName = "modelvet.static.k8s.io"

// Static makes of the chart's registration a manifest for the folder that an API
// server of Kubernetes 1.37 or later reads at its start (staticManifestsDir,
// KEP-5793). There it cannot be seen, changed or deleted by anybody who is not
// on that machine. It names the webhook by an address, because services are not
// allowed there, and the authority of its certificate.
func Static(r Release, settings []string, address string, authority []byte) ([]byte, error) {
	all, err := Render(r, settings)
	if err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(all))
	for {
		var doc map[string]any
		if err := d.Decode(&doc); err != nil {
			return nil, fmt.Errorf("looking for the registration of the webhook: %w", err)
		}
		hooks, ok := doc["webhooks"].([]any)
		if !ok || doc["kind"] != "ValidatingWebhookConfiguration" {
			continue
		}
		doc["metadata"] = map[string]any{"name": StaticName}
		for _, h := range hooks {
			h.(map[string]any)["clientConfig"] = map[string]any{"url": address, "caBundle": base64.StdEncoding.EncodeToString(authority)}
		}
		return yaml.Marshal(doc)
	}
}

func render(out *bytes.Buffer, file string, data any) error {
	raw, err := chart.ReadFile(file)
	if err != nil {
		return err
	}
	t, err := template.New(file).Funcs(template.FuncMap{"quote": strconv.Quote}).Option("missingkey=error").Parse(string(raw))
	if err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("rendering %s: %w", file, err)
	}
	if text := strings.TrimSpace(b.String()); text != "" {
		fmt.Fprintf(out, "---\n%s\n", strings.TrimPrefix(text, "---\n"))
	}
	return nil
}

// set changes one value that the chart has.
func set(values map[string]any, setting string) error {
	key, value, ok := strings.Cut(setting, "=")
	if !ok {
		return fmt.Errorf("setting %q: expected name=value", setting)
	}
	at := values
	parts := strings.Split(key, ".")
	for _, p := range parts[:len(parts)-1] {
		next, ok := at[p].(map[string]any)
		if !ok {
			return fmt.Errorf("setting %q: the chart has no value %s", setting, key)
		}
		at = next
	}
	last := parts[len(parts)-1]
	old, ok := at[last]
	if !ok {
		return fmt.Errorf("setting %q: the chart has no value %s", setting, key)
	}
	if _, isText := old.(string); isText {
		at[last] = value
		return nil
	}
	var v any
	if err := yaml.Unmarshal([]byte(value), &v); err != nil {
		return fmt.Errorf("setting %q: %w", setting, err)
	}
	if fmt.Sprintf("%T", v) != fmt.Sprintf("%T", old) {
		return fmt.Errorf("setting %q: %s is a %T", setting, key, old)
	}
	at[last] = v
	return nil
}
