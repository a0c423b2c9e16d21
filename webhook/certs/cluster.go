// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
)

// API asks an API server. An error whose Status is 409 says that the object has
// changed in between.
type API interface {
	Do(ctx context.Context, method, path, contentType string, in, out any) error
}

// Cluster is a [Store] in Kubernetes: one Secret, and the webhook
// configurations that name the Service. It needs to get and update exactly
// these objects.
type Cluster struct {
	API            API
	Namespace      string
	Secret         string
	Configurations []string // "validatingwebhookconfigurations/NAME"
}

type secret struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   map[string]any    `json:"metadata"`
	Type       string            `json:"type"`
	Data       map[string][]byte `json:"data"`
}

func (c *Cluster) secretPath() string {
	return "/api/v1/namespaces/" + c.Namespace + "/secrets/" + c.Secret
}

// Load reads the Secret, which must exist: the role may not create any.
func (c *Cluster) Load(ctx context.Context) (map[string][]byte, string, error) {
	var s secret
	if err := c.do(ctx, http.MethodGet, c.secretPath(), "", nil, &s); err != nil {
		return nil, "", err
	}
	version, _ := s.Metadata["resourceVersion"].(string)
	return s.Data, version, nil
}

// Save replaces the content of the Secret, if it still is of that version.
func (c *Cluster) Save(ctx context.Context, data map[string][]byte, version string) error {
	patch := map[string]any{"metadata": map[string]any{"resourceVersion": version}, "data": data}
	return c.do(ctx, http.MethodPatch, c.secretPath(), "application/merge-patch+json", patch, nil)
}

type configuration struct {
	Metadata struct {
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
	Webhooks []struct {
		ClientConfig struct {
			CABundle []byte `json:"caBundle"`
		} `json:"clientConfig"`
	} `json:"webhooks"`
}

// Publish writes the bundle into every webhook of every configuration.
func (c *Cluster) Publish(ctx context.Context, bundle []byte) (before []byte, err error) {
	before = bundle
	for _, name := range c.Configurations {
		path := "/apis/admissionregistration.k8s.io/v1/" + name
		var now configuration
		if err := c.do(ctx, http.MethodGet, path, "", nil, &now); err != nil {
			return nil, err
		}
		var patch []map[string]any
		for i, w := range now.Webhooks {
			if !bytes.Equal(w.ClientConfig.CABundle, bundle) {
				before = w.ClientConfig.CABundle
				patch = append(patch, map[string]any{"op": "add", "path": fmt.Sprintf("/webhooks/%d/clientConfig/caBundle", i), "value": bundle})
			}
		}
		if len(patch) == 0 {
			continue
		}
		patch = append([]map[string]any{{"op": "test", "path": "/metadata/resourceVersion", "value": now.Metadata.ResourceVersion}}, patch...)
		if err := c.do(ctx, http.MethodPatch, path, "application/json-patch+json", patch, nil); err != nil {
			return nil, err
		}
	}
	return before, nil
}

func (c *Cluster) do(ctx context.Context, method, path, contentType string, in, out any) error {
	err := c.API.Do(ctx, method, path, contentType, in, out)
	var answer interface{ Status() int }
	if errors.As(err, &answer) && answer.Status() == http.StatusConflict {
		return fmt.Errorf("%s %s: %w", method, path, ErrConflict)
	}
	return err
}
