// SPDX-License-Identifier: Apache-2.0

//go:build interop

package webhook_test

import (
	"bytes"
	"crypto/tls"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	admission "k8s.io/api/admission/v1"
)

// TestBench measures, when MODELVET_BENCH names a folder for the raw data: the
// webhook alone at a fixed rate, the webhook without its memory, and the API
// server with and without it. It asserts nothing about time: machines differ.
func TestBench(t *testing.T) {
	out := os.Getenv("MODELVET_BENCH")
	if out == "" {
		t.Skip("scripts/bench-webhook.sh runs it")
	}
	r := newRig(t)
	r.install()
	b := bench{t, r, out, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}}}
	body := envelope(t, request(t, "ml", admission.Create, volumePod(r.ok), nil))
	b.direct(body, 1)
	rate, seconds := number("MODELVET_BENCH_RATE", 1000), number("MODELVET_BENCH_SECONDS", 20)
	b.report("warm", fmt.Sprintf("the webhook alone, %d reviews a second for %d s, open loop", rate, seconds), b.openLoop(body, rate, seconds))
	t.Logf("memory: %s", b.memory())
	for _, n := range []int{1, 16} {
		for _, ns := range []string{"default", "ml"} { // default is not gated
			b.report(fmt.Sprintf("apiserver-%s-%d", ns, n), fmt.Sprintf("pod creation through the API server, namespace %s, %d at a time", ns, n), b.through(ns, n, 2000))
		}
	}
	r.stop(t)
	r.serve("--fresh", "1ns", "--stale", "1ns")
	b.direct(body, 20)
	b.report("cold", "the webhook alone, nothing remembered, registry on loopback, one at a time", b.direct(body, 500))
}

type bench struct {
	t      *testing.T
	r      *rig
	out    string
	client *http.Client
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

func (b bench) once(body []byte) {
	resp, err := b.client.Post("https://"+b.r.address+"/validate?timeout=10s", "application/json", bytes.NewReader(body))
	if err != nil {
		b.t.Error(err)
		return
	}
	defer resp.Body.Close()
	if raw, _ := io.ReadAll(resp.Body); !bytes.Contains(raw, []byte(`"allowed":true`)) {
		b.t.Errorf("not admitted: %.400s", raw)
	}
}

func (b bench) direct(body []byte, n int) []time.Duration {
	var took []time.Duration
	for range n {
		start := time.Now()
		b.once(body)
		took = append(took, time.Since(start))
	}
	return took
}

// openLoop sends at fixed moments, whatever the answers do, and counts from
// the moment at which a call should have been sent.
func (b bench) openLoop(body []byte, rate, seconds int) []time.Duration {
	took := make([]time.Duration, rate*seconds)
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range took {
		at := begin.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(at))
		wg.Go(func() { b.once(body); took[i] = time.Since(at) })
	}
	wg.Wait()
	return took
}

func (b bench) through(namespace string, workers, n int) []time.Duration {
	took := make([]time.Duration, n)
	var wg sync.WaitGroup
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	for range workers {
		wg.Go(func() {
			for i := range next {
				pod := volumePod(b.r.ok)
				start := time.Now()
				if code, out := b.r.create(b.t, namespace, pod); code != http.StatusCreated {
					b.t.Errorf("%d %.300s", code, out)
				}
				took[i] = time.Since(start)
			}
		})
	}
	wg.Wait()
	return took
}

func (b bench) report(name, what string, took []time.Duration) {
	f, err := os.Create(filepath.Join(b.out, name+".csv"))
	b.r.must(err)
	defer f.Close()
	w := csv.NewWriter(f)
	for _, d := range took {
		_ = w.Write([]string{strconv.FormatInt(d.Microseconds(), 10)})
	}
	w.Flush()
	slices.Sort(took)
	at := func(p float64) time.Duration { return took[int(p*float64(len(took)-1))].Round(time.Microsecond) }
	line := fmt.Sprintf("%-18s n=%-6d p50=%-9s p95=%-9s p99=%-9s max=%-9s %s", name, len(took), at(.5), at(.95), at(.99), at(1), what)
	b.t.Log(line)
	fmt.Println(line)
}

// memory is what the webhook holds now and held at most (VmRSS, VmHWM).
func (b bench) memory() string {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.r.webhook.Process.Pid))
	var out []string
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "VmHWM") {
			out = append(out, strings.Join(strings.Fields(line), " "))
		}
	}
	fmt.Println("memory            ", strings.Join(out, ", "))
	return strings.Join(out, ", ")
}
