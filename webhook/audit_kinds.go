// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// kind is one kind of object that may name models, as the cluster serves it.
type kind struct {
	Name       string   `json:"name"` // plural, as in paths
	Kind       string   `json:"kind"`
	Namespaced bool     `json:"namespaced"`
	Verbs      []string `json:"verbs"`

	group, version, resource string
}

func (k kind) path(namespace string) string {
	base := "/api/" + k.version
	if k.group != "" {
		base = "/apis/" + k.group + "/" + k.version
	}
	if namespace != "" {
		base += "/namespaces/" + namespace
	}
	return base + "/" + k.Name
}

// kinds asks the API server which kinds of the table it has. A group that is
// not installed is no problem; one that does not answer is.
func (a *Auditor) kinds(ctx context.Context) (out []kind, problems []string) {
	for _, group := range a.Table.Groups() {
		versions := []string{"v1"}
		if group != "" {
			var g struct {
				PreferredVersion struct{ Version string }
				Versions         []struct{ Version string }
			}
			err := a.API.Do(ctx, http.MethodGet, "/apis/"+group, "", nil, &g)
			if statusOf(err) == http.StatusNotFound {
				continue
			}
			if err != nil {
				problems = append(problems, fmt.Sprintf("group %s: %v", group, err))
				continue
			}
			versions = []string{g.PreferredVersion.Version}
			for _, v := range g.Versions {
				if v.Version != versions[0] {
					versions = append(versions, v.Version)
				}
			}
		}
		for _, v := range versions {
			more, err := a.kindsOf(ctx, group, v, out)
			if err != nil {
				problems = append(problems, fmt.Sprintf("group %s/%s: %v", group, v, err))
			}
			out = append(out, more...)
		}
	}
	return out, problems
}

// kindsOf are those of one version which none before it has.
func (a *Auditor) kindsOf(ctx context.Context, group, version string, have []kind) (out []kind, err error) {
	path := "/api/" + version
	if group != "" {
		path = "/apis/" + group + "/" + version
	}
	var list struct{ Resources []kind }
	if err := a.API.Do(ctx, http.MethodGet, path, "", nil, &list); err != nil {
		return nil, err
	}
	for _, k := range list.Resources {
		k.group, k.version = group, version
		k.resource = strings.TrimSuffix(k.Name+"."+group, ".")
		same := func(o kind) bool { return o.resource == k.resource }
		if !strings.Contains(k.Name, "/") && slices.Contains(k.Verbs, "list") && a.Table.Knows(group, k.Kind) && !slices.ContainsFunc(have, same) {
			out = append(out, k)
		}
	}
	return out, nil
}
