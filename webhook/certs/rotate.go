// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// Store keeps the pairs and publishes authorities: a Secret and the webhook
// configurations of a cluster. Save fails with ErrConflict when somebody else
// saved since version; then nothing has changed.
type Store interface {
	Load(ctx context.Context) (data map[string][]byte, version string, err error)
	Save(ctx context.Context, data map[string][]byte, version string) error
	// Publish makes the API servers trust a bundle, and tells which one they trusted before.
	Publish(ctx context.Context, bundle []byte) (before []byte, err error)
}

// ErrConflict says that another replica was faster.
var ErrConflict = errors.New("another replica changed it")

// Rotator keeps a [Served] current. Every replica runs one; the store's
// versions decide who changes something.
type Rotator struct {
	Store    Store
	Served   *Served
	Names    []string      // the Service's DNS names
	Period   time.Duration // how long a certificate is served
	Overlap  time.Duration // how long an authority must have been published before its certificate is served
	Now      func() time.Time
	Observed func(until time.Time)

	published time.Time // when the bundle that is published now was first seen there
	bundle    []byte
}

// The keys of the Secret.
const (
	keyCert, keyKey, keyCA             = "tls.crt", "tls.key", "ca.crt"
	keyNextCert, keyNextKey, keyNextCA = "next.crt", "next.key", "next-ca.crt"
	keyPreviousCA, keySince            = "previous-ca.crt", "since"
)

// Step does what is due, and is called again and again. An error leaves what
// is served as it was.
func (r *Rotator) Step(ctx context.Context) error {
	data, version, err := r.Store.Load(ctx)
	if err != nil {
		return fmt.Errorf("loading the certificates: %w", err)
	}
	now := r.Now()
	if !complete(data) {
		if data, err = r.fresh(now); err != nil {
			return err
		}
		return r.save(ctx, data, version)
	}
	if err := r.publish(ctx, data, now); err != nil {
		return err
	}
	if until, err := r.Served.Set(data[keyCert], data[keyKey]); err != nil {
		return err
	} else if r.Observed != nil {
		r.Observed(until)
	}
	if !r.due(data, now) {
		return nil
	}
	next, err := r.turn(data, now)
	if err != nil {
		return err
	}
	return r.save(ctx, next, version)
}

func (r *Rotator) save(ctx context.Context, data map[string][]byte, version string) error {
	err := r.Store.Save(ctx, data, version)
	if errors.Is(err, ErrConflict) {
		return nil // what the other replica wrote is read next time
	}
	if err != nil {
		return fmt.Errorf("saving the certificates: %w", err)
	}
	return nil
}

func complete(data map[string][]byte) bool {
	for _, k := range []string{keyCert, keyKey, keyCA, keyNextCert, keyNextKey, keyNextCA, keySince} {
		if len(data[k]) == 0 {
			return false
		}
	}
	return true
}

func (r *Rotator) fresh(now time.Time) (map[string][]byte, error) {
	current, err := Issue(r.Names, now, 2*r.Period)
	if err != nil {
		return nil, err
	}
	next, err := Issue(r.Names, now, 4*r.Period)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		keyCert: current.Cert, keyKey: current.Key, keyCA: current.CA, keySince: []byte(now.UTC().Format(time.RFC3339Nano)),
		keyNextCert: next.Cert, keyNextKey: next.Key, keyNextCA: next.CA,
	}, nil
}

// turn makes the next certificate the current one. The authority of the old
// one stays published for replicas that have not noticed yet.
func (r *Rotator) turn(data map[string][]byte, now time.Time) (map[string][]byte, error) {
	next, err := Issue(r.Names, now, 4*r.Period)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		keyCert: data[keyNextCert], keyKey: data[keyNextKey], keyCA: data[keyNextCA], keyPreviousCA: data[keyCA],
		keyNextCert: next.Cert, keyNextKey: next.Key, keyNextCA: next.CA, keySince: []byte(now.UTC().Format(time.RFC3339Nano)),
	}, nil
}

// due tells whether the next certificate may and should be served.
func (r *Rotator) due(data map[string][]byte, now time.Time) bool {
	since, err := time.Parse(time.RFC3339Nano, string(data[keySince]))
	old := err != nil || now.Sub(since) >= r.Period || expires(data[keyCert]).Before(now.Add(r.Period/3))
	return old && bytes.Contains(r.bundle, data[keyNextCA]) && !r.published.IsZero() && now.Sub(r.published) >= r.Overlap
}

func expires(certPEM []byte) time.Time {
	b, _ := pem.Decode(certPEM)
	if b == nil {
		return time.Time{}
	}
	c, err := x509.ParseCertificate(b.Bytes)
	if err != nil {
		return time.Time{}
	}
	return c.NotAfter
}

func (r *Rotator) publish(ctx context.Context, data map[string][]byte, now time.Time) error {
	bundle := bytes.Join([][]byte{data[keyPreviousCA], data[keyCA], data[keyNextCA]}, nil)
	before, err := r.Store.Publish(ctx, bundle)
	if err != nil {
		return fmt.Errorf("publishing the authorities: %w", err)
	}
	if !bytes.Equal(r.bundle, bundle) || !bytes.Equal(before, bundle) {
		r.bundle, r.published = bundle, now
	}
	return nil
}
