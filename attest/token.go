// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Audience is for whom identity tokens have to be issued.
const Audience = "sigstore"

// maxToken bounds an identity token: 64 KiB.
const maxToken = 64 << 10

// TokenSource finds an identity token (OIDC, a JWT) each time one is needed.
type TokenSource func(ctx context.Context) (string, error)

// Tokens says where identity tokens come from. given is a token or the name of
// a file that holds one, read anew each time, as some platforms renew it
// there; if it is empty, the environment is asked for what the pipeline
// offers: SIGSTORE_ID_TOKEN (id_tokens of GitLab CI), and the token service of
// GitHub Actions (permission id-token: write). In the environment of neither,
// it is an error that says what to do.
func Tokens(given string, env map[string]string) (TokenSource, error) {
	switch {
	case looksLikeToken(given):
		return func(context.Context) (string, error) { return given, nil }, nil
	case given != "":
		return func(context.Context) (string, error) { return tokenInFile(given) }, nil
	case env["SIGSTORE_ID_TOKEN"] != "":
		return func(context.Context) (string, error) { return env["SIGSTORE_ID_TOKEN"], nil }, nil
	case env["ACTIONS_ID_TOKEN_REQUEST_URL"] != "" && env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] != "":
		return githubToken(env["ACTIONS_ID_TOKEN_REQUEST_URL"], env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]), nil
	case env["GITHUB_ACTIONS"] == "true":
		return nil, errors.New("finding an identity token: this GitHub job may not ask for one: give it `permissions: id-token: write`")
	case env["GITLAB_CI"] == "true":
		return nil, errors.New("finding an identity token: this GitLab job has none: give it `id_tokens: {SIGSTORE_ID_TOKEN: {aud: sigstore}}`")
	}
	return nil, errors.New("finding an identity token: there is none here: name one, or a file that holds one, with --identity-token, or sign with a key")
}

func looksLikeToken(s string) bool {
	return strings.Count(s, ".") == 2 && strings.HasPrefix(s, "ey") && !strings.ContainsAny(s, "/\\ \n")
}

func tokenInFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("reading the identity token: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	if err != nil {
		return "", fmt.Errorf("reading the identity token: %w", err)
	}
	if len(data) > maxToken {
		return "", fmt.Errorf("reading the identity token: %s is larger than %d bytes, which no token is", name, maxToken)
	}
	return string(bytes.TrimSpace(data)), nil
}

// githubToken asks the token service of a job, as the documentation of GitHub
// Actions has it ("OpenID Connect reference", requesting the token with environment variables).
func githubToken(address, bearer string) TokenSource {
	return func(ctx context.Context) (string, error) {
		u, err := url.Parse(address)
		if err != nil {
			return "", errors.New("asking GitHub for an identity token: ACTIONS_ID_TOKEN_REQUEST_URL is no URL")
		}
		q := u.Query()
		q.Set("audience", Audience)
		u.RawQuery = q.Encode()
		token, err := askGitHub(ctx, u.String(), bearer)
		if err != nil {
			return "", fmt.Errorf("asking GitHub for an identity token: %w", err)
		}
		return token, nil
	}
}

func askGitHub(ctx context.Context, address, bearer string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, serviceTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+bearer)
	request.Header.Set("Accept", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the token service answers %s", response.Status)
	}
	var answer struct{ Value string }
	if err := json.NewDecoder(io.LimitReader(response.Body, maxToken)).Decode(&answer); err != nil || answer.Value == "" {
		return "", errors.New("the token service answers without a token")
	}
	return answer.Value, nil
}

// Claims are what an identity token says. Whoever made it may have put
// anything there: only a certificate authority checks it, and what it found
// true stands in its certificate.
type Claims map[string]any

// Text is a claim that is a string, or "".
func (c Claims) Text(name string) string {
	s, _ := c[name].(string)
	return s
}

func (c Claims) expires() time.Time {
	if n, ok := c["exp"].(float64); ok {
		return time.Unix(int64(n), 0)
	}
	return time.Time{}
}

// hasAudience reads aud, which is a text or a list of texts (RFC 7519, 4.1.3).
func (c Claims) hasAudience(want string) bool {
	if list, ok := c["aud"].([]any); ok {
		for _, a := range list {
			if a == want {
				return true
			}
		}
		return false
	}
	return c.Text("aud") == want
}

func readClaims(token string) (Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxToken {
		return nil, errors.New("reading the identity token: it is no JWT: expected three parts with dots between them")
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil, errors.New("reading the identity token: its second part is no base64url")
	}
	if err := checkJSON(data); err != nil {
		return nil, fmt.Errorf("reading the identity token: claims: %w", err)
	}
	var c Claims
	if err := json.Unmarshal(data, &c); err != nil || c.Text("iss") == "" {
		return nil, errors.New("reading the identity token: it names no issuer (iss)")
	}
	return c, nil
}

// usable says before anybody is asked what would fail later, with less to go on.
func (c Claims) usable(now time.Time) error {
	if exp := c.expires(); !exp.IsZero() && !now.Before(exp) {
		return fmt.Errorf("the identity token expired at %s: get a new one right before signing", exp.UTC().Format(time.RFC3339))
	}
	if !c.hasAudience(Audience) {
		return fmt.Errorf("the identity token is for the audience %v: ask the issuer for one with aud %q", c["aud"], Audience)
	}
	return nil
}
