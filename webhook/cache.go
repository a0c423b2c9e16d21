// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Freshness says how long what was found may be relied on.
type Freshness struct {
	Fresh    time.Duration // used without asking again
	Stale    time.Duration // used, visibly, while the registry cannot be asked
	Negative time.Duration // a definitive no
	Fetch    time.Duration // the most that one question to the registry may take, whoever waits for it
}

// DefaultFreshness suits a cluster whose registry is usually there.
var DefaultFreshness = Freshness{Fresh: 5 * time.Minute, Stale: time.Hour, Negative: 15 * time.Second, Fetch: 30 * time.Second}

// facts asks a Judge once for what many reviews want to know. It holds verified
// facts by reference and trust, never verdicts: those depend on the time and the
// configuration. A passing error is never kept.
type facts struct {
	judge Judge
	Freshness
	now  func() time.Time
	most int // entries

	mu     sync.Mutex
	byKey  map[string]*list.Element
	recent *list.List
	flight singleflight.Group
	seen   *Metrics
}

type entry struct {
	key   string
	facts Facts
	err   error // a definitive one
	at    time.Time
}

func newFacts(j Judge, f Freshness, most int, now func() time.Time, m *Metrics) *facts {
	return &facts{judge: j, Freshness: f, now: now, most: most, byKey: map[string]*list.Element{}, recent: list.New(), seen: m}
}

// answer also says for how long the facts have been older than they should be.
func (f *facts) get(ctx context.Context, ref string) (Facts, time.Duration, error) {
	key := f.judge.Trust() + " " + ref
	e, have := f.lookup(key)
	age := f.now().Sub(e.at)
	switch {
	case have && e.err != nil && age < f.Negative:
		f.seen.cache("negative")
		return Facts{}, 0, e.err
	case have && e.err == nil && age < f.Fresh && f.holds(e):
		f.seen.cache("hit")
		return e.facts, 0, nil
	}
	f.seen.cache("miss")
	found, err := f.ask(ctx, key, ref)
	if err == nil {
		return found, 0, nil
	}
	var final definitive
	if !errors.As(err, &final) && have && e.err == nil && age < f.Fresh+f.Stale && f.holds(e) {
		f.seen.cache("stale")
		return e.facts, age - f.Fresh, nil
	}
	return Facts{}, 0, err
}

// holds tells whether the keys that were relied on still count.
func (f *facts) holds(e entry) bool { return e.facts.Until.IsZero() || f.now().Before(e.facts.Until) }

func (f *facts) lookup(key string) (entry, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	el, ok := f.byKey[key]
	if !ok {
		return entry{}, false
	}
	f.recent.MoveToFront(el)
	return el.Value.(entry), true
}

// ask asks the judge, once for all who want the same. Who has to answer
// earlier leaves; the question goes on for the others and for next time.
func (f *facts) ask(ctx context.Context, key, ref string) (Facts, error) {
	result := f.flight.DoChan(key, func() (v any, err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("asking about %s: internal error: %v", ref, r)
			}
		}()
		asking, stop := context.WithTimeout(context.WithoutCancel(ctx), f.Fetch)
		defer stop()
		found, err := f.judge.Facts(asking, ref)
		var final definitive
		if err == nil || errors.As(err, &final) {
			f.put(entry{key: key, facts: found, err: err, at: f.now()})
		}
		return found, err
	})
	select {
	case r := <-result:
		if r.Err != nil {
			return Facts{}, r.Err
		}
		return r.Val.(Facts), nil
	case <-ctx.Done():
		return Facts{}, fmt.Errorf("asking the registry about %s took longer than this review may: %w", ref, ctx.Err())
	}
}

func (f *facts) put(e entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if el, ok := f.byKey[e.key]; ok {
		el.Value = e
		f.recent.MoveToFront(el)
		return
	}
	f.byKey[e.key] = f.recent.PushFront(e)
	for f.recent.Len() > f.most {
		last := f.recent.Back()
		delete(f.byKey, last.Value.(entry).key)
		f.recent.Remove(last)
	}
}
