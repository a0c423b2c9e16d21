// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/modelvet/modelvet/webhook/certs"
)

// cluster is a store in memory, for several replicas.
type cluster struct {
	data    map[string][]byte
	version int
	bundle  []byte
	fail    error
}

func (c *cluster) Load(context.Context) (map[string][]byte, string, error) {
	return maps.Clone(c.data), fmt.Sprint(c.version), c.fail
}

func (c *cluster) Save(_ context.Context, data map[string][]byte, version string) error {
	if version != fmt.Sprint(c.version) {
		return certs.ErrConflict
	}
	c.data, c.version = maps.Clone(data), c.version+1
	return nil
}

func (c *cluster) Publish(_ context.Context, bundle []byte) ([]byte, error) {
	before := c.bundle
	c.bundle = bytes.Clone(bundle)
	return before, c.fail
}

const service = "modelvet.modelvet-system.svc"

func trusts(t *testing.T, bundle []byte, s *certs.Served, now time.Time) error {
	t.Helper()
	c, err := s.Get(&tls.ClientHelloInfo{})
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	_, err = c.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: service, CurrentTime: now})
	return err
}

// Over two years, with three replicas that look at different times, every
// certificate that is served is trusted by what is published, also by an API
// server that is late to notice.
func TestEveryServedCertificateIsTrusted(t *testing.T) {
	c := &cluster{}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	served := make([]certs.Served, 3)
	var replicas []*certs.Rotator
	for i := range served {
		replicas = append(replicas, &certs.Rotator{Store: c, Served: &served[i], Names: []string{service}, Period: 60 * 24 * time.Hour, Overlap: time.Minute, Now: func() time.Time { return now }})
	}
	var late []byte // what a slow API server still believes
	seen := map[string]bool{}
	for step := range 365 {
		r := replicas[step%3]
		if err := r.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range served {
			if step < 3 {
				continue
			}
			if err := trusts(t, c.bundle, &served[i], now); err != nil {
				t.Fatalf("step %d, replica %d: %v", step, i, err)
			}
			if late != nil {
				if err := trusts(t, late, &served[i], now); err != nil {
					t.Fatalf("step %d, replica %d, late API server: %v", step, i, err)
				}
			}
		}
		late = bytes.Clone(c.bundle)
		seen[string(c.data["tls.crt"])] = true
		now = now.Add(48 * time.Hour)
	}
	if len(seen) < 10 {
		t.Errorf("only %d certificates in two years", len(seen))
	}
}

func TestAnOutageLeavesWhatIsServed(t *testing.T) {
	c := &cluster{}
	var s certs.Served
	r := &certs.Rotator{Store: c, Served: &s, Names: []string{service}, Period: time.Hour, Overlap: time.Minute, Now: time.Now}
	if s.Ready(time.Now()) == nil {
		t.Error("ready without a certificate")
	}
	for range 2 {
		if err := r.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.fail = errors.New("the API server is away")
	if r.Step(t.Context()) == nil {
		t.Error("an outage went unnoticed")
	}
	if err := s.Ready(time.Now()); err != nil {
		t.Error(err)
	}
	if s.Ready(time.Now().Add(1000*time.Hour)) == nil {
		t.Error("ready with a certificate that has ended")
	}
	if _, err := s.Set([]byte("x"), []byte("y")); err == nil || s.Ready(time.Now()) != nil {
		t.Error("a broken pair was taken, or took the good one away")
	}
}
