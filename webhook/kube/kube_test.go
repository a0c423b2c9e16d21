// SPDX-License-Identifier: Apache-2.0

package kube_test

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet/webhook/kube"
)

func file(t *testing.T, content string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDo(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer t0k":
			http.Error(w, "who are you", http.StatusUnauthorized)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
		case r.URL.Path == "/text":
			_, _ = w.Write([]byte("no JSON"))
		default:
			_, _ = w.Write([]byte(`{"method":"` + r.Method + `","type":"` + r.Header.Get("Content-Type") + `"}`))
		}
	}))
	defer s.Close()
	ca := file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	token := file(t, "t0k\n")
	c := &kube.Client{API: s.URL, TokenFile: token, CAFile: ca}
	if err := c.Open(); err != nil {
		t.Fatal(err)
	}
	var got struct{ Method, Type string }
	if err := c.Do(t.Context(), http.MethodPatch, "/x", "application/merge-patch+json", map[string]int{"a": 1}, &got); err != nil || got.Method != "PATCH" || got.Type != "application/merge-patch+json" {
		t.Errorf("%+v %v", got, err)
	}
	var answer *kube.Error
	if err := c.Do(t.Context(), http.MethodGet, "/moved", "", nil, nil); !errors.As(err, &answer) || answer.Status() != http.StatusFound {
		t.Errorf("a redirect was followed: %v", err)
	}
	if err := c.Do(t.Context(), http.MethodGet, "/text", "", nil, &got); err == nil {
		t.Error("an answer that is no JSON")
	}
	if err := os.WriteFile(token, []byte("other"), 0o600); err != nil { // as kubelets do
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), http.MethodGet, "/x", "", nil, nil); !errors.As(err, &answer) || answer.Status() != http.StatusUnauthorized || !strings.Contains(err.Error(), "who are you") {
		t.Errorf("the token was not read again: %v", err)
	}
}

// The token goes to nobody else, and never over plain HTTP.
func TestOpen(t *testing.T) {
	for api, want := range map[string]string{
		"http://10.0.0.1:8001": "expected https://", "ftp://x": "expected https://", "": "expected https://", "https://": "expected https://",
		"https://10.0.0.1": "kubectl proxy", "http://localhost.example": "expected https://",
	} {
		c := &kube.Client{API: api, CAFile: filepath.Join(t.TempDir(), "absent")}
		if err := c.Open(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", api, err, want)
		}
	}
	var got string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
	defer s.Close()
	c := &kube.Client{API: s.URL, TokenFile: file(t, "secret")}
	if err := c.Open(); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), http.MethodGet, "/", "", nil, nil); err != nil || got != "" {
		t.Errorf("%v, and a token was sent over plain HTTP: %q", err, got)
	}
}
