// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/modelvet/modelvet/webhook"
	"github.com/modelvet/modelvet/webhook/certs"
	"github.com/modelvet/modelvet/webhook/kube"
)

// admissionServer is the process around the reviewer.
type admissionServer struct {
	flags    *webhookFlags
	t        *terminal
	metrics  *webhook.Metrics
	judge    *clusterJudge
	reviewer *webhook.Reviewer
	served   certs.Served
	rotator  *certs.Rotator
	log      *slog.Logger
	stopping atomic.Bool
	changed  time.Time // of the configuration file
}

func (s *admissionServer) run(ctx context.Context) error {
	s.log = slog.New(slog.NewJSONHandler(s.t.err, nil))
	if err := s.openCertificates(ctx); err != nil {
		return err
	}
	tlsListener, err := net.Listen("tcp", s.flags.listen)
	if err != nil {
		return fmt.Errorf("listening for the API server: %w", err)
	}
	plain, err := net.Listen("tcp", s.flags.health)
	if err != nil {
		return fmt.Errorf("listening for probes: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/validate", webhook.NewHandler(s.reviewer, s.metrics, s.log))
	main := bounded(mux)
	main.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.served.Get, NextProtos: []string{"h2", "http/1.1"}}
	if s.flags.pin {
		mux.Handle("/mutate", webhook.NewPinHandler(s.reviewer, s.metrics, s.log))
	}
	if s.flags.gatekeeper != "" {
		main.TLSConfig.ClientAuth = tls.RequestClientCert // and verified there: the API server has another one, or none
		mux.Handle("/gatekeeper", webhook.NewProvider(s.reviewer, s.flags.clients))
	}
	probes := bounded(s.probes())
	failed := make(chan error, 2)
	go func() { failed <- main.ServeTLS(tlsListener, "", "") }()
	go func() { failed <- probes.Serve(plain) }()
	s.log.Info("serving", "address", tlsListener.Addr().String(), "health", plain.Addr().String(), "policy", s.judge.policy(), "judge", s.flags.how)
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go s.keep(keeping)
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	return s.drain(main, probes)
}

// drain first says that it is not ready, so that nobody new comes, and then
// answers who is there.
func (s *admissionServer) drain(servers ...*http.Server) error {
	s.stopping.Store(true)
	s.log.Info("stopping", "drain", s.flags.drain.String())
	time.Sleep(s.flags.drain)
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	var errs []error
	for _, h := range servers {
		errs = append(errs, h.Shutdown(ctx))
	}
	return errors.Join(errs...)
}

func bounded(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 40 * time.Second,
		IdleTimeout: 5 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	}
}

func (s *admissionServer) probes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		err := s.served.Ready(time.Now())
		if s.stopping.Load() {
			err = errors.New("stopping")
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		s.metrics.Write(w)
	})
	return mux
}

func (s *admissionServer) openCertificates(ctx context.Context) error {
	f := s.flags
	if f.secret == "" {
		until, err := s.served.Files(f.cert, f.key)
		if err != nil {
			return usage("--tls-cert: %w", err)
		}
		s.metrics.Certificate(until)
		return nil
	}
	client, err := f.kube()
	if err != nil {
		return err
	}
	c := &certs.Cluster{API: client, Namespace: f.namespace, Secret: f.secret, Configurations: slices.Clone(f.configurations)}
	if f.pin {
		c.Configurations = append(c.Configurations, "mutatingwebhookconfigurations/modelvet")
	}
	service := f.names + "." + f.namespace + ".svc"
	s.rotator = &certs.Rotator{
		Store: c, Served: &s.served, Names: []string{service, service + ".cluster.local", f.names + "." + f.namespace},
		Period: f.period, Overlap: f.overlap, Now: time.Now, Observed: s.metrics.Certificate,
	}
	return nil
}

// clients are the authorities of those who may ask as Gatekeeper.
func (f *webhookFlags) clients() (*x509.CertPool, error) {
	pem, err := os.ReadFile(f.gatekeeper)
	if err != nil {
		return nil, fmt.Errorf("reading the authority of Gatekeeper's certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading the authority of Gatekeeper's certificate: %s holds no certificate", f.gatekeeper)
	}
	return pool, nil
}

// kube is the API server of the flags, or else that of the pod.
func (f *webhookFlags) kube() (*kube.Client, error) {
	c := kube.InCluster()
	for _, o := range []struct{ to, from *string }{{&c.API, &f.api}, {&c.TokenFile, &f.token}, {&c.CAFile, &f.ca}} {
		if *o.from != "" {
			*o.to = *o.from
		}
	}
	if err := c.Open(); err != nil {
		return nil, usage("--kube-api, --kube-ca: %w", err)
	}
	return c, nil
}

// keep does what has to be done again and again: certificates, configuration.
func (s *admissionServer) keep(ctx context.Context) {
	every := 10 * time.Second
	if s.flags.period < 10*time.Minute {
		every = s.flags.period / 20
	}
	for {
		wait := every
		if err := s.refresh(ctx); err != nil {
			s.log.Error("refreshing", "error", err.Error())
		}
		if s.served.Ready(time.Now()) != nil {
			wait = 200 * time.Millisecond // nothing can be served before
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (s *admissionServer) refresh(ctx context.Context) error {
	var errs []error
	if s.rotator != nil {
		errs = append(errs, s.rotator.Step(ctx))
	} else if until, err := s.served.Files(s.flags.cert, s.flags.key); err != nil {
		errs = append(errs, err)
	} else {
		s.metrics.Certificate(until)
	}
	return errors.Join(append(errs, s.reconfigure())...)
}

// reconfigure reads the configuration again. One that is wrong changes nothing.
func (s *admissionServer) reconfigure() error {
	info, err := os.Stat(s.flags.config)
	if err != nil || info.ModTime().Equal(s.changed) {
		return err
	}
	c, err := loadWebhookConfig(s.flags.config)
	if err != nil {
		return err
	}
	for _, n := range c.Namespaces {
		if _, err := s.judge.gate.Policy.Stage(n.Stage); err != nil {
			return err
		}
	}
	s.changed = info.ModTime()
	s.reviewer.Configure(c)
	s.log.Info("configured", "namespaces", len(c.Namespaces), "stages", stages(c), "revoked", len(c.Revoked), "exceptions", len(c.Exceptions))
	return nil
}
