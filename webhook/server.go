// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	admission "k8s.io/api/admission/v1"
)

// The limits of one call. An object has at most 3 MB in etcd, and an update
// carries two of them.
const (
	maxBody    = 16 << 20
	maxBudget  = 30 * time.Second
	defaultFor = 10 * time.Second // the API server's own default
	atOnce     = 64               // reviews at the same time; more wait for their turn
)

// Handler serves AdmissionReviews.
type Handler struct {
	Reviewer *Reviewer
	Metrics  *Metrics
	Log      *slog.Logger // told of every denial; nil: nobody is
	review   func(context.Context, *admission.AdmissionRequest) Review
	slots    chan struct{}
}

// NewHandler makes a handler for POST /validate.
func NewHandler(r *Reviewer, m *Metrics, log *slog.Logger) *Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Handler{Reviewer: r, Metrics: m, Log: log, review: r.Review, slots: make(chan struct{}, atOnce)}
}

// NewPinHandler makes a handler for POST /mutate.
func NewPinHandler(r *Reviewer, m *Metrics, log *slog.Logger) *Handler {
	h := NewHandler(r, m, log)
	h.review = r.Pin
	return h
}

// ServeHTTP answers one review. Whatever goes wrong before there is a request
// to answer is an HTTP error, which closes an API server whose failurePolicy is Fail.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	ctx, stop := context.WithDeadline(r.Context(), start.Add(budget(r)))
	defer stop()
	if r.Method != http.MethodPost {
		http.Error(w, "modelvet: expected a POST with an AdmissionReview", http.StatusMethodNotAllowed)
		return
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		http.Error(w, "modelvet: too many reviews at once", http.StatusTooManyRequests)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "modelvet: reading the AdmissionReview: "+err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	out, err := h.Answer(ctx, body)
	if err != nil {
		http.Error(w, "modelvet: "+err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(out) // a caller that has gone counts the call as failed
}

// budget is what the API server says it will wait, less what the answer needs on its way.
func budget(r *http.Request) time.Duration {
	d, err := time.ParseDuration(r.URL.Query().Get("timeout"))
	if err != nil || d <= 0 || d > maxBudget {
		d = defaultFor
	}
	return d - min(d/5, 500*time.Millisecond)
}

// Answer turns the bytes of a review into those of its answer. It never panics.
func (h *Handler) Answer(ctx context.Context, body []byte) (out []byte, err error) {
	start := time.Now()
	defer func() {
		if p := recover(); p != nil {
			h.Log.Error("review panicked", "panic", fmt.Sprint(p))
			out, err = nil, fmt.Errorf("internal error: %v", p)
		}
	}()
	in := admission.AdmissionReview{}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("reading the AdmissionReview: %w", err)
	}
	if in.APIVersion != "admission.k8s.io/v1" || in.Kind != "AdmissionReview" || in.Request == nil || in.Request.UID == "" {
		return nil, fmt.Errorf("expected an AdmissionReview of admission.k8s.io/v1 with a request that has a uid, not %.60q %.60q", in.APIVersion, in.Kind)
	}
	v := h.review(ctx, in.Request)
	h.Metrics.review(v, time.Since(start))
	h.log(in.Request, v, time.Since(start))
	answer := admission.AdmissionReview{TypeMeta: in.TypeMeta, Response: &v.Response}
	return json.Marshal(answer)
}

func (h *Handler) log(req *admission.AdmissionRequest, v Review, took time.Duration) {
	if v.Verdict == "skipped" || v.Verdict == "allowed" && len(v.Response.Warnings) == 0 {
		return
	}
	message := ""
	if v.Response.Result != nil {
		message = v.Response.Result.Message
	}
	h.Log.Info("review", "verdict", v.Verdict, "mode", v.Mode, "namespace", req.Namespace, "kind", req.Kind.Kind, "name", clip(req.Name, 253),
		"operation", req.Operation, "user", clip(req.UserInfo.Username, 200), "dryRun", req.DryRun != nil && *req.DryRun,
		"models", v.Response.AuditAnnotations["models"], "problems", v.Response.AuditAnnotations["problems"], "message", message, "took", took.String())
}
