// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/modelvet/modelvet/webhook/references"
)

// The messages of a Gatekeeper external-data provider
// (https://open-policy-agent.github.io/gatekeeper/website/docs/externaldata/).
const providerVersion = "externaldata.gatekeeper.sh/v1beta1"

type providerRequest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Request    struct {
		Keys []string `json:"keys"`
	} `json:"request"`
}

type providerResponse struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Response   providerBody `json:"response"`
}

type providerBody struct {
	Idempotent  bool           `json:"idempotent"`
	Items       []providerItem `json:"items"`
	SystemError string         `json:"systemError,omitempty"`
}

type providerItem struct {
	Key   string `json:"key"`
	Value any    `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

// providerValue is what is known of an approved model.
type providerValue struct {
	Reference string    `json:"reference"` // pinned by digest
	Digest    string    `json:"digest"`
	Pinned    bool      `json:"pinned"` // the key was
	Stage     string    `json:"stage"`
	Decision  string    `json:"decision,omitempty"` // digest of the signed decision
	Policy    string    `json:"policy"`
	Expires   time.Time `json:"expires"`
}

// The limits of one call.
const (
	maxKeys     = 1000
	maxProvider = 1 << 20
)

// Provider answers Gatekeeper: POST with references as keys; each is answered by
// a value when a signed decision allows it, and by an error otherwise. The query
// says for whom: namespace=NAME is a namespace of webhook.yaml (without it: what
// matches "*"); value=reference asks for nothing but the pinned reference, for a
// mutation. It answers only clients with a certificate of the authorities that
// it was told: whoever may ask can have any registry asked.
type Provider struct {
	Reviewer *Reviewer
	Clients  func() (*x509.CertPool, error) // asked for every call, because authorities are replaced
	slots    chan struct{}
}

// NewProvider makes a provider for POST /gatekeeper.
func NewProvider(r *Reviewer, clients func() (*x509.CertPool, error)) *Provider {
	return &Provider{Reviewer: r, Clients: clients, slots: make(chan struct{}, atOnce)}
}

// identify refuses whom no authority vouches for.
func (p *Provider) identify(state *tls.ConnectionState) error {
	if state == nil || len(state.PeerCertificates) == 0 {
		return errors.New("this endpoint is for Gatekeeper, with a client certificate")
	}
	roots, err := p.Clients()
	if err != nil {
		return err
	}
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err = state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err
}

func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := p.identify(r.TLS)
	switch {
	case err != nil:
		http.Error(w, "modelvet: "+err.Error(), http.StatusForbidden)
		return
	case r.Method != http.MethodPost:
		http.Error(w, "modelvet: expected a POST with a ProviderRequest", http.StatusMethodNotAllowed)
		return
	}
	ctx, stop := context.WithDeadline(r.Context(), time.Now().Add(budget(r)))
	defer stop()
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		http.Error(w, "modelvet: too many requests at once", http.StatusTooManyRequests)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxProvider))
	if err != nil {
		http.Error(w, "modelvet: reading the ProviderRequest: "+err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	q := r.URL.Query()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(p.answer(ctx, body, q.Get("namespace"), q.Get("value") == "reference")) // a caller that has gone counts the call as failed
}

// answer never fails: what goes wrong with the whole request, and a registry
// that does not answer, is a systemError, which Gatekeeper hands to the policy,
// as it does when nobody answers at all.
func (p *Provider) answer(ctx context.Context, body []byte, namespace string, short bool) (out providerResponse) {
	out = providerResponse{APIVersion: providerVersion, Kind: "ProviderResponse", Response: providerBody{Idempotent: true, Items: []providerItem{}}}
	defer func() {
		if p := recover(); p != nil {
			out.Response.Items, out.Response.SystemError = []providerItem{}, "modelvet: internal error"
		}
	}()
	var in providerRequest
	err := json.Unmarshal(body, &in)
	c := p.Reviewer.current()
	demand, known := c.demand(namespace)
	switch {
	case err != nil:
		out.Response.SystemError = "modelvet: reading the ProviderRequest: " + clip(err.Error(), 200)
	case in.APIVersion != providerVersion || in.Kind != "ProviderRequest":
		out.Response.SystemError = "modelvet: expected a ProviderRequest of " + providerVersion
	case len(in.Request.Keys) > maxKeys:
		out.Response.SystemError = "modelvet: more than 1000 keys at once"
	case !known:
		out.Response.SystemError = "modelvet: the webhook's configuration says nothing about this namespace; name one with ?namespace= in the provider's url"
	}
	if out.Response.SystemError != "" {
		return out
	}
	refs := make([]references.Reference, len(in.Request.Keys))
	for i, key := range in.Request.Keys {
		refs[i] = references.Classify(key)
	}
	for i, f := range p.Reviewer.examine(ctx, c, demand, namespace, refs) {
		if f.transient { // Gatekeeper remembers every item, also errors, and what passes shall not be remembered
			out.Response.SystemError = "modelvet: " + clip(f.problem, 300)
			continue
		}
		out.Response.Items = append(out.Response.Items, provide(in.Request.Keys[i], f, demand, short))
	}
	return out
}

// provide is the answer about one key. A tag is answered with the digest that it
// leads to now; the policy may ask for pinned.
func provide(key string, f finding, demand Namespace, short bool) providerItem {
	approved := f.problem == "" || f.cause == Unpinned
	if !approved || f.decision == nil {
		why := f.problem
		if why == "" {
			why = "it is not checked: " + f.exception
		}
		return providerItem{Key: key, Error: "modelvet: " + clip(why, 500)}
	}
	ref := f.hint
	if ref == "" {
		ref = strings.TrimSpace(f.ref.Value)
		if repository, digest, ok := cutDigest(f.ref.OCI); ok {
			ref = pin(f.ref, repository, digest)
		}
	}
	if short {
		return providerItem{Key: key, Value: ref}
	}
	return providerItem{Key: key, Value: providerValue{
		Reference: ref, Digest: f.digest, Pinned: f.cause != Unpinned, Stage: demand.Stage, Decision: f.decision.Digest, Policy: f.decision.Policy, Expires: f.decision.Expires,
	}}
}
