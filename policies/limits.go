// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"time"
)

// limits bound what rules may use up. Rules that reach one are refused as a
// whole: nothing is judged.
type limits struct {
	time   time.Duration // for all rules of one judgement together
	memory uint64        // bytes by which the heap may grow meanwhile
	data   int           // bytes of all evidence together
}

var standardLimits = limits{time: 10 * time.Second, memory: 1 << 30, data: 256 << 20}

// grace is how long a builtin that is under way may take to notice that it was
// cancelled.
const grace = time.Second

// within runs f until it ends or a limit is reached. A builtin that does not
// notice is left behind: the answer does not wait for it.
func (l limits) within(ctx context.Context, f func(context.Context) error) error {
	ctx, stop := context.WithTimeoutCause(ctx, l.time, fmt.Errorf("it took longer than %v", l.time))
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	go l.watch(ctx, cancel)
	go func() { done <- f(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(grace):
			err = ctx.Err()
		}
	}
	if err != nil && ctx.Err() != nil {
		return limitError{context.Cause(ctx)}
	}
	return err
}

// limitError is a limit that was reached, or a caller that gave up.
type limitError struct{ why error }

func (e limitError) Error() string { return e.why.Error() }
func (e limitError) Unwrap() error { return e.why }

// watch cancels when the heap has grown by more than the limit.
func (l limits) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	before := heap()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if now := heap(); now > before && now-before > l.memory {
				cancel(fmt.Errorf("it took more than %d MiB of memory", l.memory>>20))
				return
			}
		}
	}
}

func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// blame finds the rule that reaches a limit when it is asked alone, with a
// fifth of the time and memory, added rules before built-in ones.
func (e *Engine) blame(ctx context.Context, rules []rule, reached error, ask func(context.Context, []rule, limits) error) error {
	less := limits{time: e.limits.time / 5, memory: e.limits.memory / 5, data: e.limits.data}
	for _, added := range []bool{true, false} {
		for _, r := range rules {
			if r.builtin == added || ctx.Err() != nil {
				continue
			}
			var again limitError
			if err := ask(ctx, []rule{r}, less); errors.As(err, &again) {
				return fmt.Errorf("%s:%d: rule %s: %w; it loops over too much, narrow it down", r.file, r.at, r.ID, reached)
			}
		}
	}
	return reached
}
