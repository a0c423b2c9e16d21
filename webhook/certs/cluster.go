// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// Cluster is a [Store] in Kubernetes: one Secret, and the webhook
// configurations that name the Service. It needs to get and update exactly
// these objects. Four requests need no client library.
type Cluster struct {
	API            string // https://HOST:PORT
	TokenFile      string // read for each request: kubelets replace it
	CAFile         string
	Namespace      string
	Secret         string
	Configurations []string // "validatingwebhookconfigurations/NAME"

	client *http.Client
}

// InCluster is how a pod reaches its API server.
func InCluster() (api, tokenFile, caFile string) {
	const dir = "/var/run/secrets/kubernetes.io/serviceaccount/"
	return "https://" + net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")), dir + "token", dir + "ca.crt"
}

// Open reads the authority of the API server.
func (c *Cluster) Open() error {
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return fmt.Errorf("reading the authority of the API server: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("reading the authority of the API server: %s holds no certificate", c.CAFile)
	}
	c.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	return nil
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
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.API+path, body)
	if err != nil {
		return err
	}
	token, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return fmt.Errorf("reading the service account's token: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+string(bytes.TrimSpace(token)))
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	switch {
	case err != nil:
		return err
	case resp.StatusCode == http.StatusConflict:
		return fmt.Errorf("%s %s: %w", method, path, ErrConflict)
	case resp.StatusCode >= 300:
		return fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, b)
	case out == nil:
		return nil
	}
	return json.Unmarshal(b, out)
}
