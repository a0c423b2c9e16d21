// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func jwt(t testing.TB, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(`{"alg":"none"}`)) + "." + b64(body) + "." + b64([]byte("sig"))
}

func TestWhereIdentityTokensComeFrom(t *testing.T) {
	ctx := context.Background()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer job" || r.URL.Query().Get("audience") != "sigstore" || r.URL.Query().Get("v") != "2" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte(`{"value":"from github"}`))
	}))
	defer service.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("in a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	huge := filepath.Join(t.TempDir(), "huge")
	if err := os.WriteFile(huge, make([]byte, maxToken+1), 0o600); err != nil {
		t.Fatal(err)
	}
	token := jwt(t, map[string]any{"iss": "i"})
	github := map[string]string{"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_URL": service.URL + "/?v=2", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job"}
	stranger := map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": service.URL + "/?v=2", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}
	for name, c := range map[string]struct {
		given string
		env   map[string]string
		want  string
		fails string
	}{
		"a token":                     {token, github, token, ""},
		"a file":                      {file, github, "in a file", ""},
		"a file that is not there":    {file + "x", nil, "", "no such file"},
		"a file that is no token":     {huge, nil, "", "which no token is"},
		"GitLab":                      {"", map[string]string{"GITLAB_CI": "true", "SIGSTORE_ID_TOKEN": token}, token, ""},
		"GitLab without id_tokens":    {"", map[string]string{"GITLAB_CI": "true"}, "", "id_tokens"},
		"GitHub":                      {"", github, "from github", ""},
		"GitHub without a permission": {"", map[string]string{"GITHUB_ACTIONS": "true"}, "", "id-token: write"},
		"GitHub says no":              {"", stranger, "", "403"},
		"nothing":                     {"", nil, "", "--identity-token"},
	} {
		t.Run(name, func(t *testing.T) {
			source, err := Tokens(c.given, c.env)
			got := ""
			if err == nil {
				got, err = source(ctx)
			}
			if got != c.want || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%q %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), "Bearer") {
				t.Errorf("a secret is in %v", err)
			}
		})
	}
}

func TestATokenIsLookedAtBeforeItIsUsed(t *testing.T) {
	good := map[string]any{"iss": "https://i", "aud": "sigstore", "exp": noon.Add(time.Hour).Unix()}
	change := func(key string, v any) string {
		c := map[string]any{}
		for k, v := range good {
			c[k] = v
		}
		c[key] = v
		return jwt(t, c)
	}
	for name, c := range map[string]struct{ token, want string }{
		"good":            {jwt(t, good), ""},
		"audiences":       {change("aud", []string{"x", "sigstore"}), ""},
		"other audience":  {change("aud", "x"), "audience"},
		"other audiences": {change("aud", []string{"x"}), "audience"},
		"expired":         {change("exp", noon.Unix()), "expired at 2026-11-24T12:00:00Z"},
		"no issuer":       {change("iss", ""), "issuer"},
		"no JWT":          {"abc", "no JWT"},
		"no base64":       {"a.!.b", "base64"},
		"no JSON":         {"a.YWJj.b", "claims"},
		"two issuers":     {"e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"a","iss":"b"}`)) + ".e30", "duplicate"},
	} {
		t.Run(name, func(t *testing.T) {
			claims, err := readClaims(c.token)
			if err == nil {
				err = claims.usable(noon)
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: expected %q", err, c.want)
			}
		})
	}
}

func TestKeylessNeedsAWholeSigstore(t *testing.T) {
	ctx, p := context.Background(), newSigstore(t, true)
	source, _ := Tokens(jwt(t, map[string]any{"iss": "https://i", "aud": "sigstore"}), nil)
	config := func(services string) []byte {
		return []byte(`{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"` + services + `}`)
	}
	for name, c := range map[string]struct {
		config Sigstore
		want   string
	}{
		"no trusted root":      {Sigstore{FulcioURL: "http://127.0.0.1:1"}, "--trusted-root"},
		"a broken root":        {Sigstore{SigningConfig: config(""), TrustedRoot: []byte("{}")}, "trusted root"},
		"a broken config":      {Sigstore{SigningConfig: []byte("{"), TrustedRoot: p.root}, "signing config"},
		"an older config":      {Sigstore{SigningConfig: []byte(`{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.1+json"}`), TrustedRoot: p.root}, "signing config"},
		"no authority":         {Sigstore{SigningConfig: config(""), TrustedRoot: p.root}, "caUrls"},
		"nobody to date it":    {Sigstore{FulcioURL: "http://127.0.0.1:1", TrustedRoot: p.root}, "would date the signature"},
		"only a future Fulcio": {Sigstore{SigningConfig: config(`,"caUrls":[{"url":"http://x","majorApiVersion":9}]`), TrustedRoot: p.root}, "caUrls"},
		"a future Rekor":       {Sigstore{SigningConfig: config(`,"rekorTlogUrls":[{"url":"http://x","majorApiVersion":9}],"rekorTlogConfig":{"selector":"ANY"}`), TrustedRoot: p.root, FulcioURL: "http://x"}, "rekorTlogUrls"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewKeyless(ctx, source, c.config); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: expected %q", err, c.want)
			}
		})
	}
	s, err := NewKeyless(ctx, source, Sigstore{FulcioURL: "http://127.0.0.1:1", TimestampURL: "http://127.0.0.1:1", TrustedRoot: p.root})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Sign(ctx, s, subject, "https://x.example/v1", map[string]any{}, noon); err == nil || !strings.Contains(err.Error(), "certificate authority") {
		t.Errorf("%v", err)
	}
}
