// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"runtime"
	"sync"
)

// A large blob keeps a core and a connection busy; a small one waits for a
// registry to answer or for a disk to have it, and the next ones can wait with it:
// a disk makes sixteen files durable in the time of a few.
const (
	smallFile    = 256 << 10
	smallStreams = 16
)

// eachBlob calls do for 0..n-1, the small ones beside the large ones.
func (o Options) eachBlob(ctx context.Context, n int, size func(int) int64, do func(context.Context, int) error) error {
	if o.Workers > 0 {
		return each(ctx, n, o.Workers, do)
	}
	var small, large []int
	for i := range n {
		if size(i) <= smallFile {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	run := func(list []int, workers int) {
		if err := each(ctx, len(list), workers, func(ctx context.Context, k int) error { return do(ctx, list[k]) }); err != nil {
			cancel(err)
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() { run(small, smallStreams) })
	run(large, max(4, 2*runtime.GOMAXPROCS(0)))
	wg.Wait()
	return context.Cause(ctx)
}

// each calls do for 0..n-1 on several cores. After the first failure the
// others are cancelled; the failure of the lowest number is returned.
func each(ctx context.Context, n, workers int, do func(context.Context, int) error) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for i := range next {
				if err := do(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}
