// SPDX-License-Identifier: Apache-2.0

// Package kube speaks with a Kubernetes API server: one request, one answer. The
// few requests that modelvet makes need no client library. It must never send a
// token to anything but the API server that was named, nor over plain HTTP
// beyond this machine.
package kube

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
	"net/url"
	"os"
	"time"
)

// Client is one API server and a token for it.
type Client struct {
	API       string // https://HOST:PORT, or http://127.0.0.1:PORT of `kubectl proxy`
	TokenFile string // read for each request: kubelets replace it
	CAFile    string

	client *http.Client
	plain  bool
}

// mostAnswer bounds one answer: a page of a hundred objects of 1.5 MB.
const mostAnswer = 160 << 20

// InCluster is how a pod reaches its API server.
func InCluster() *Client {
	const dir = "/var/run/secrets/kubernetes.io/serviceaccount/"
	api := "https://" + net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	return &Client{API: api, TokenFile: dir + "token", CAFile: dir + "ca.crt"}
}

// Open reads the authority of the API server.
func (c *Client) Open() error {
	u, err := url.Parse(c.API)
	if err != nil || u.Host == "" {
		return fmt.Errorf("the address of the API server, %q: expected https://HOST:PORT", c.API)
	}
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && (ip != nil && ip.IsLoopback() || u.Hostname() == "localhost") {
		c.plain, c.client = true, &http.Client{Timeout: time.Minute, CheckRedirect: refuse}
		return nil
	}
	if u.Scheme != "https" {
		return fmt.Errorf("the address of the API server, %q: expected https://, or http:// to this machine for `kubectl proxy`", c.API)
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return fmt.Errorf("reading the authority of the API server: %w; outside a cluster run `kubectl proxy` and name http://127.0.0.1:8001", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("reading the authority of the API server: %s holds no certificate", c.CAFile)
	}
	c.client = &http.Client{Timeout: time.Minute, CheckRedirect: refuse, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	return nil
}

// Error is an answer that is none of success.
type Error struct {
	Method, Path string
	Code         int
	Message      string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %d: %.300s", e.Method, e.Path, e.Code, e.Message)
}

// Status is the HTTP status.
func (e *Error) Status() int { return e.Code }

// Do sends in as JSON, when it is not nil, and reads the answer into out, when that is not nil.
func (c *Client) Do(ctx context.Context, method, path, contentType string, in, out any) error {
	req, err := c.request(ctx, method, path, contentType, in)
	if err != nil {
		return err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("asking the API server: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("asking the API server: %s %s: %w", method, path, err)
	case len(b) > mostAnswer:
		return fmt.Errorf("%s %s: the answer has more than %d MiB", method, path, mostAnswer>>20)
	case resp.StatusCode >= 300:
		return &Error{method, path, resp.StatusCode, string(b)}
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("%s %s: reading the answer: %w", method, path, err)
	}
	return nil
}

func (c *Client) request(ctx context.Context, method, path, contentType string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.API+path, body)
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.plain {
		return req, nil
	}
	token, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return nil, fmt.Errorf("reading the service account's token: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+string(bytes.TrimSpace(token)))
	return req, nil
}
