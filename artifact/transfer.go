// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/modelvet/modelvet"
)

// Copy copies an artifact and everything that refers to it from one layout or
// registry to another, and returns its subject. Its digest stays the same, and
// every byte is hashed on the way. A tag appears at the end, when all the rest
// is in place. A referrer that cannot be read fails the copy: evidence that is
// silently left behind would change a decision.
//
// In the target, a layout without a tag takes the tag of the source; a
// reference by digest must name the digest of the source.
func Copy(ctx context.Context, from, to string, opts Options) (modelvet.Subject, error) {
	s, err := transfer(ctx, from, to, opts)
	if err != nil {
		return modelvet.Subject{}, fmt.Errorf("copying %s to %s: %w", from, to, err)
	}
	return s, nil
}

// Push copies from a layout to a registry. See [Copy].
func Push(ctx context.Context, layout, registry string, opts Options) (modelvet.Subject, error) {
	return between(ctx, layout, registry, true, opts)
}

// Pull copies from a registry to a layout. See [Copy].
func Pull(ctx context.Context, registry, layout string, opts Options) (modelvet.Subject, error) {
	return between(ctx, registry, layout, false, opts)
}

func between(ctx context.Context, from, to string, fromLayout bool, opts Options) (modelvet.Subject, error) {
	source, err := ParseReference(from)
	if err != nil {
		return modelvet.Subject{}, err
	}
	target, err := ParseReference(to)
	if err != nil {
		return modelvet.Subject{}, err
	}
	if (source.Layout != "") != fromLayout || (target.Layout != "") == fromLayout {
		return modelvet.Subject{}, fmt.Errorf("copying %s to %s: push takes oci:PATH and a registry reference, pull the reverse; copy takes any two", from, to)
	}
	return Copy(ctx, from, to, opts)
}

func transfer(ctx context.Context, from, to string, opts Options) (subject modelvet.Subject, err error) {
	target, err := ParseReference(to)
	if err != nil {
		return subject, err
	}
	a, err := Open(ctx, from, opts)
	if err != nil {
		return subject, err
	}
	defer a.Close()
	if target.Digest != "" && target.Digest != a.root.Digest.String() {
		return subject, fmt.Errorf("the target names %s, the source is %s; give the target a tag", target.Digest, a.root.Digest)
	}
	statements, err := a.statements(ctx)
	if err != nil {
		return subject, err
	}
	w, err := openSink(ctx, a, target)
	if err != nil {
		return subject, err
	}
	err = a.send(ctx, w, statements)
	return a.Subject(), errors.Join(err, w.close(err))
}

// sink is where a copy goes. Nothing is listed before publish.
type sink interface {
	blob(ctx context.Context, from source, d v1.Descriptor, tell func(int64)) error
	publish(ctx context.Context, top storedManifest, statements []storedManifest) error
	close(because error) error
}

func openSink(ctx context.Context, a *Artifact, r Reference) (sink, error) {
	if r.Layout == "" {
		return newRegistrySink(ctx, r, a)
	}
	s, done, err := createStore(ctx, r.Layout)
	if err != nil {
		return nil, err
	}
	tag := r.Tag
	if tag == "" {
		tag = a.ref.Tag
	}
	if tag == "" {
		tag = defaultTag
	}
	return &layoutSink{s, done, tag}, nil
}

// statements returns the manifests that have the artifact as their subject.
func (a *Artifact) statements(ctx context.Context) ([]storedManifest, error) {
	found, err := a.shelf.candidates(ctx, a.root, a.own())
	if err != nil {
		return nil, fmt.Errorf("listing what refers to %s: %w", a.root.Digest, err)
	}
	var all []storedManifest
	for _, c := range found {
		if c.err != nil {
			return nil, fmt.Errorf("reading referrer %s: %w", c.desc.Digest, c.err)
		}
		m, err := parseManifest(c.raw)
		if err != nil || m.Subject == nil || m.Subject.Digest != a.root.Digest {
			continue
		}
		d := v1.Descriptor{MediaType: m.MediaType, Size: int64(len(c.raw)), Digest: c.desc.Digest, Annotations: m.Annotations, ArtifactType: m.ArtifactType}
		if d.ArtifactType == "" {
			d.ArtifactType = string(m.Config.MediaType)
		}
		all = append(all, storedManifest{d, c.raw})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].desc.Digest.Hex < all[j].desc.Digest.Hex })
	return all, nil
}

func (a *Artifact) send(ctx context.Context, w sink, statements []storedManifest) error {
	blobs, err := a.allBlobs(statements)
	if err != nil {
		return err
	}
	total := int64(0)
	for _, d := range blobs {
		total += d.Size
	}
	tell, names := meter(a.opts, total), a.names()
	err = a.opts.eachBlob(ctx, len(blobs), func(i int) int64 { return blobs[i].Size }, func(ctx context.Context, i int) error {
		name := names[blobs[i].Digest]
		if name == "" {
			name = "a statement"
		}
		a.opts.begin(name)
		if err := w.blob(ctx, a.source, blobs[i], tell); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.publish(ctx, storedManifest{a.root, a.raw}, statements)
}

// allBlobs lists each blob of the artifact and of its statements once.
func (a *Artifact) allBlobs(statements []storedManifest) ([]v1.Descriptor, error) {
	all := a.blobDescriptors()
	for _, s := range statements {
		m, err := parseManifest(s.raw)
		if err != nil {
			return nil, err
		}
		all = append(append(all, m.Config), m.Layers...)
	}
	seen := map[v1.Hash]bool{}
	once := all[:0]
	for _, d := range all {
		if !seen[d.Digest] {
			seen[d.Digest] = true
			once = append(once, d)
		}
	}
	return once, nil
}

// names says which file each blob is, for a person.
func (a *Artifact) names() map[v1.Hash]string {
	names := map[v1.Hash]string{}
	for _, l := range a.layers {
		d := l.desc
		if l.in != nil {
			d = *l.in
		}
		names[d.Digest] = l.Path
	}
	names[a.manifest.Config.Digest] = "the configuration"
	return names
}

type layoutSink struct {
	s    *store
	done func(keep bool) error
	tag  string
}

// close leaves what has arrived for the next run to go on with, in a layout that
// cannot be opened yet.
func (w *layoutSink) close(because error) error {
	w.s.paused = resumable(because)
	return w.done(because == nil)
}

// blob fetches what is not there yet, or not whole.
func (w *layoutSink) blob(ctx context.Context, from source, d v1.Descriptor, tell func(int64)) error {
	if f, err := w.s.openBlob(d); err == nil {
		h, err := hashFile(ctx, f, d.Size, nil)
		f.Close()
		if err == nil && h == d.Digest {
			report(tell, d.Size)
			return nil
		}
	}
	f, err := w.s.part(d.Digest)
	if err != nil {
		return err
	}
	defer f.Close()
	err = fill(ctx, f.File, d, tell, fromSource(from, d))
	if err == nil {
		return f.publish(blobName(d.Digest))
	}
	if !resumable(err) {
		f.discard()
	}
	return fmt.Errorf("copying blob %s: %w", d.Digest, err)
}

func (w *layoutSink) publish(ctx context.Context, top storedManifest, statements []storedManifest) error {
	index, err := w.s.index()
	if errors.Is(err, ErrNotFound) {
		index, err = emptyIndex(), nil
	}
	if err != nil {
		return err
	}
	for _, m := range append([]storedManifest{top}, statements...) {
		if _, err := w.s.putBlob(m.raw); err != nil {
			return err
		}
	}
	retag(&index, v1.Descriptor{MediaType: top.desc.MediaType, Size: top.desc.Size, Digest: top.desc.Digest, ArtifactType: top.desc.ArtifactType}, w.tag)
	for _, m := range statements {
		add(&index, m.desc)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.s.putIndex(index)
}

type registrySink struct {
	r   *registry
	p   *pusher
	ref name.Reference
}

func newRegistrySink(ctx context.Context, r Reference, a *Artifact) (*registrySink, error) {
	from, _ := a.source.(*registry)
	p, err := newPusher(ctx, r.remote.Context(), from, a.opts)
	if err != nil {
		return nil, err
	}
	return &registrySink{&registry{client: p.client}, p, r.remote}, nil
}

func (w *registrySink) close(error) error { return nil }

func (w *registrySink) blob(ctx context.Context, from source, d v1.Descriptor, tell func(int64)) error {
	return w.p.upload(ctx, from, d, tell)
}

func (w *registrySink) publish(ctx context.Context, top storedManifest, statements []storedManifest) error {
	if err := w.p.put(ctx, w.ref.Context().Digest(top.desc.Digest.String()), top); err != nil {
		return err
	}
	if err := w.r.putListed(ctx, w.p, top.desc.Digest, statements); err != nil {
		return err
	}
	if _, ok := w.ref.(name.Tag); !ok {
		return nil
	}
	return w.p.put(ctx, w.ref, top)
}
