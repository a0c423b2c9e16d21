// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet/webhook"
)

// authority issues a client certificate, for the use that is named.
func authority(t *testing.T, use x509.ExtKeyUsage) (*x509.CertPool, tls.Certificate) {
	t.Helper()
	ca, cert := issue(t, use)
	pool := x509.NewCertPool()
	parsed, _ := x509.ParseCertificate(ca)
	pool.AddCert(parsed)
	return pool, cert
}

func issue(t *testing.T, use x509.ExtKeyUsage) (authority []byte, cert tls.Certificate) {
	t.Helper()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gatekeeper-ca"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "gatekeeper"}, NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{use}}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	return caDER, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

type provider struct {
	t      *testing.T
	server *httptest.Server
}

func newProvider(t *testing.T, j webhook.Judge, clients func() (*x509.CertPool, error)) provider {
	t.Helper()
	s := httptest.NewUnstartedServer(webhook.NewProvider(reviewer(t, j, webhook.DefaultFreshness), clients))
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	return provider{t, s}
}

func (p provider) ask(query, body string, certs ...tls.Certificate) (int, string) {
	p.t.Helper()
	client := p.server.Client()
	tr := client.Transport.(*http.Transport).Clone()
	tr.TLSClientConfig.Certificates = certs
	resp, err := (&http.Client{Transport: tr}).Post(p.server.URL+"/gatekeeper"+query, "application/json", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func keys(all ...string) string {
	b, _ := json.Marshal(map[string]any{"apiVersion": "externaldata.gatekeeper.sh/v1beta1", "kind": "ProviderRequest", "request": map[string]any{"keys": all}})
	return string(b)
}

type provided struct {
	APIVersion, Kind string
	Response         struct {
		Idempotent  bool
		SystemError string
		Items       []struct {
			Key, Error string
			Value      any
		}
	}
}

func decode(t *testing.T, body string) (out provided) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if out.APIVersion != "externaldata.gatekeeper.sh/v1beta1" || out.Kind != "ProviderResponse" || !out.Response.Idempotent {
		t.Errorf("%s", body)
	}
	return out
}

// Every key is answered, in its place, by a value or by an error.
func TestProvider(t *testing.T) {
	pool, cert := authority(t, x509.ExtKeyUsageClientAuth)
	p := newProvider(t, &registry{}, func() (*x509.CertPool, error) { return pool, nil })
	all := []string{okRef, badRef, tagged, "oci://" + okRef, expiredRef, pendingRef, "s3://bucket/model", "registry.example/none:v1", "", "/mnt/models", "oci:/tmp/layout"}
	code, body := p.ask("?namespace=ml", keys(all...), cert)
	got := decode(t, body)
	if code != http.StatusOK || len(got.Response.Items) != len(all) || got.Response.SystemError != "" {
		t.Fatalf("%d %s", code, body)
	}
	for i, want := range []string{"", "no signed decision", "", "", "expired on", "is pending", "nothing pins the bytes", "not found", "names no artifact", "not found", "not found"} {
		item := got.Response.Items[i]
		if item.Key != all[i] || (item.Value != nil) != (want == "") || !strings.Contains(item.Error, want) || (item.Error == "") != (want == "") {
			t.Errorf("%q: %+v, want %q", all[i], item, want)
		}
	}
	value, _ := got.Response.Items[2].Value.(map[string]any)
	if value["reference"] != okRef || value["digest"] != digest("a") || value["pinned"] != false || value["stage"] != "production" || value["decision"] != digest("9") || value["policy"] != policyDigest {
		t.Errorf("the tag: %v", value)
	}
	if value, _ := got.Response.Items[0].Value.(map[string]any); value["pinned"] != true || value["reference"] != okRef {
		t.Errorf("the digest: %v", value)
	}
	_, body = p.ask("?namespace=ml&value=reference", keys(tagged, "oci://"+tagged, okRef), cert)
	for i, want := range []string{okRef, "oci://" + okRef, okRef} {
		if got := decode(t, body).Response.Items[i].Value; got != want {
			t.Errorf("for a mutation: %v, want %s", got, want)
		}
	}
	if _, again := p.ask("?namespace=ml&value=reference", keys(tagged, "oci://"+tagged, okRef), cert); again != body {
		t.Error("the same question has another answer")
	}
}

func TestProviderSystemErrors(t *testing.T) {
	pool, cert := authority(t, x509.ExtKeyUsageClientAuth)
	j := &registry{}
	p := newProvider(t, j, func() (*x509.CertPool, error) { return pool, nil })
	for body, want := range map[string]string{
		`{`: "reading the ProviderRequest", `null`: "expected a ProviderRequest", `[]`: "reading the ProviderRequest",
		strings.Replace(keys(okRef), "v1beta1", "v1alpha1", 1): "expected a ProviderRequest", strings.Replace(keys(okRef), `["`, `[1,"`, 1): "reading the ProviderRequest",
		keys(make([]string, 1001)...): "more than 1000 keys",
	} {
		if _, out := p.ask("?namespace=ml", body, cert); !strings.Contains(decode(t, out).Response.SystemError, want) || len(decode(t, out).Response.Items) > 0 {
			t.Errorf("%.60s: %s", body, out)
		}
	}
	if _, out := p.ask("?namespace=nobody", keys(okRef), cert); !strings.Contains(decode(t, out).Response.SystemError, "says nothing about this namespace") {
		t.Errorf("a namespace that nobody configured: %s", out)
	}
	down := errors.New("503")
	j.fail.Store(&down)
	_, out := p.ask("?namespace=ml", keys(okRef, "s3://bucket/model"), cert)
	if got := decode(t, out); !strings.Contains(got.Response.SystemError, "503") || len(got.Response.Items) != 1 || got.Response.Items[0].Error == "" {
		t.Errorf("registry down: %s; want the systemError, and an item for what waiting does not cure alone", out)
	}
}

// Nobody but the bearer of a client certificate of the named authority is answered.
func TestProviderClients(t *testing.T) {
	pool, _ := authority(t, x509.ExtKeyUsageClientAuth)
	other, stranger := authority(t, x509.ExtKeyUsageClientAuth)
	serving, server := authority(t, x509.ExtKeyUsageServerAuth)
	for name, c := range map[string]struct {
		pool *x509.CertPool
		err  error
		cert []tls.Certificate
		want int
	}{
		"none": {pool, nil, nil, 403}, "a stranger": {pool, nil, []tls.Certificate{stranger}, 403}, "a server": {serving, nil, []tls.Certificate{server}, 403},
		"no authority": {nil, errors.New("reading the authority"), []tls.Certificate{stranger}, 403}, "its own": {other, nil, []tls.Certificate{stranger}, 200},
	} {
		p := newProvider(t, &registry{}, func() (*x509.CertPool, error) { return c.pool, c.err })
		if code, out := p.ask("?namespace=ml", keys(okRef), c.cert...); code != c.want {
			t.Errorf("%s: %d %s, want %d", name, code, out, c.want)
		}
	}
}

func FuzzProvider(f *testing.F) {
	pool, cert := authorityF(f)
	h := webhook.NewProvider(reviewer(f, &registry{}, webhook.DefaultFreshness), func() (*x509.CertPool, error) { return pool, nil })
	f.Add([]byte(keys(okRef, badRef, "")), "ml")
	f.Fuzz(func(t *testing.T, body []byte, namespace string) {
		r := httptest.NewRequest(http.MethodPost, "/gatekeeper", bytes.NewReader(body))
		q := r.URL.Query()
		q.Set("namespace", namespace)
		r.URL.RawQuery = q.Encode()
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := decode(t, w.Body.String())
		for _, item := range got.Response.Items {
			if (item.Value == nil) == (item.Error == "") {
				t.Fatalf("neither a value nor an error, or both: %+v", item)
			}
			if item.Value != nil && !strings.Contains(fmt.Sprint(item.Value), digest("a")) {
				t.Fatalf("%q was approved: %v", item.Key, item.Value)
			}
		}
	})
}

func authorityF(f *testing.F) (*x509.CertPool, *x509.Certificate) {
	f.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		f.Fatal(err)
	}
	parsed, _ := x509.ParseCertificate(der)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool, parsed
}
