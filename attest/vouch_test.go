// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	provenance "github.com/in-toto/attestation/go/predicates/provenance/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// anIssuer signs identity tokens, on loopback, as the platforms do.
type anIssuer struct {
	*httptest.Server
	key    *rsa.PrivateKey
	about  map[string]any // the discovery document; nil: as it should be
	status int            // of every answer
}

var issuerKey, _ = rsa.GenerateKey(rand.Reader, 2048)

func newIssuer(t testing.TB) *anIssuer {
	t.Helper()
	i := &anIssuer{key: issuerKey, status: http.StatusOK}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(i.status)
		b64 := base64.RawURLEncoding.EncodeToString
		var answer any = map[string]any{"keys": []any{map[string]any{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1",
			"n": b64(issuerKey.N.Bytes()), "e": b64(big.NewInt(int64(issuerKey.E)).Bytes())}}}
		if r.URL.Path == "/.well-known/openid-configuration" {
			answer = map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys"}
			if i.about != nil {
				answer = i.about
			}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *anIssuer) token(t testing.TB, of, change map[string]any) string {
	t.Helper()
	claims := map[string]any{"iss": i.URL, "aud": "sigstore", "iat": noon.Unix(), "exp": noon.Add(5 * time.Minute).Unix()}
	maps.Copy(claims, of)
	maps.Copy(claims, change)
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	signed := b64([]byte(`{"alg":"RS256","kid":"1","typ":"JWT"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64(sig)
}

// What the platforms document a token to hold, for the runs of slsa_test.go.
var (
	githubToken1 = map[string]any{"sub": "repo:acme/credit:ref:refs/heads/main", "repository": "acme/credit", "repository_id": "1", "repository_owner_id": "2", "ref": "refs/heads/main", "sha": head,
		"event_name": "push", "run_id": "7", "run_attempt": "1", "runner_environment": "github-hosted", "workflow_ref": "acme/credit/.github/workflows/gate.yml@refs/heads/main", "workflow_sha": head,
		"job_workflow_ref": "acme/shared/.github/workflows/gate.yml@refs/tags/v1", "job_workflow_sha": sha("shared")[7:47]}
	gitlabToken1 = map[string]any{"sub": "project_path:acme/credit:ref_type:branch:ref:main", "project_path": "acme/credit", "project_id": "11", "ref": "main", "ref_type": "branch", "ref_protected": "true",
		"sha": head, "pipeline_id": "8", "pipeline_source": "push", "job_id": "9", "runner_id": 3, "runner_environment": "self-hosted", "ci_config_ref_uri": "gitlab.com/acme/credit//.gitlab-ci.yml@refs/heads/main", "ci_config_sha": head}
)

// atIssuer is a run on GitLab whose server is the issuer.
func atIssuer(i *anIssuer) map[string]string {
	env := maps.Clone(gitlabEnv)
	env["CI_SERVER_URL"] = i.URL
	env["CI_PROJECT_URL"], env["CI_JOB_URL"] = i.URL+"/acme/credit", i.URL+"/acme/credit/-/jobs/9"
	return env
}

func TestATokenOfTheRunIsChecked(t *testing.T) {
	i := newIssuer(t)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other := &anIssuer{Server: i.Server, key: stranger}
	valid := func(change map[string]any) string { return i.token(t, githubToken1, change) }
	for name, c := range map[string]struct {
		token, fails, why string
		about             map[string]any
		status            int
	}{
		"good":                           {token: valid(nil)},
		"wrong signature":                {token: other.token(t, githubToken1, nil), fails: "failed to verify"},
		"no signature":                   {token: jwt(t, map[string]any{"iss": i.URL, "aud": "sigstore", "exp": noon.Add(time.Hour).Unix()}), fails: "algorithm"},
		"changed claims":                 {token: swap(valid(nil), valid(map[string]any{"sha": sha("x")[7:47]})), fails: "failed to verify"},
		"expired":                        {token: valid(map[string]any{"exp": noon.Unix()}), fails: "expired at"},
		"never expires":                  {token: valid(map[string]any{"exp": nil}), fails: "(exp)"},
		"not yet":                        {token: valid(map[string]any{"nbf": noon.Add(time.Hour).Unix()}), fails: "before the nbf"},
		"other audience":                 {token: valid(map[string]any{"aud": "https://github.com/acme"}), fails: "audience"},
		"other issuer":                   {token: valid(map[string]any{"iss": "https://evil.example"}), fails: "--oidc-issuer"},
		"issuer that is named another":   {token: valid(nil), about: map[string]any{"issuer": "https://x", "jwks_uri": i.URL + "/keys"}, fails: "says that it is"},
		"issuer without keys":            {token: valid(nil), about: map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/.well-known/openid-configuration"}, fails: "publishes no key"},
		"issuer whose keys are a file":   {token: valid(nil), about: map[string]any{"issuer": i.URL, "jwks_uri": "file:///etc/passwd"}, fails: "no address"},
		"issuer whose keys are in clear": {token: valid(nil), about: map[string]any{"issuer": i.URL, "jwks_uri": "http://keys.example/"}, why: "not https"},
		"issuer that is down":            {token: valid(nil), status: http.StatusBadGateway, why: "it answers 502"},
	} {
		t.Run(name, func(t *testing.T) {
			i.about, i.status = c.about, max(c.status, http.StatusOK)
			v, err := Vouch(context.Background(), c.token, i.URL, githubEnv, noon)
			if (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Fatalf("%v: expected %q", err, c.fails)
			}
			if err == nil && (v.Checked != (c.why == "") || !strings.Contains(v.Why, c.why)) {
				t.Errorf("%+v", v)
			}
		})
	}
	i.Close()
	if v, err := Vouch(context.Background(), valid(nil), i.URL, githubEnv, noon); err != nil || v.Checked || !strings.Contains(v.Why, "cannot be fetched") {
		t.Errorf("an issuer that is not there: %+v %v", v, err)
	}
}

// swap gives a token the claims of another.
func swap(token, claims string) string {
	a, b := strings.Split(token, "."), strings.Split(claims, ".")
	return a[0] + "." + b[1] + "." + a[2]
}

func TestTheIssuerOfAPlatform(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"https://token.actions.githubusercontent.com": {"GITHUB_SERVER_URL": "https://github.com"},
		"https://token.actions.acme.ghe.com":          {"GITHUB_SERVER_URL": "https://acme.ghe.com"},
		"https://git.acme.example/_services/token":    {"GITHUB_SERVER_URL": "https://git.acme.example/"},
		"https://gitlab.acme.example":                 {"GITLAB_CI": "true", "CI_SERVER_URL": "https://gitlab.acme.example/"},
	} {
		if got := issuerOf(env); got != want {
			t.Errorf("%v: %s, expected %s", env, got, want)
		}
	}
	public := "https://token.actions.githubusercontent.com"
	for iss, want := range map[string]bool{public: true, public + "/acme-inc": true, public + "/a/b": false, public + "/": false, public + ".evil.example": false, "": false} {
		if issuedBy(iss, public) != want {
			t.Errorf("%q", iss)
		}
	}
	if issuedBy("", "") {
		t.Error("nobody is an issuer")
	}
}

func TestTheTokenWinsOverTheEnvironment(t *testing.T) {
	i := newIssuer(t)
	vouched := func(of, change map[string]any, env map[string]string) *Vouched {
		t.Helper()
		v, err := Vouch(context.Background(), i.token(t, of, change), i.URL, env, noon)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	lab := atIssuer(i)
	check := func(name string, env map[string]string, v *Vouched) ProvenancePredicate {
		t.Helper()
		b := aBuild
		b.Vouched = v
		p, err := Provenance(env, b)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, json.RawMessage(strings.ReplaceAll(string(data), i.URL, "https://issuer.example")))
		var peer provenance.Provenance
		if err := protojson.Unmarshal(data, &peer); err != nil {
			t.Fatal(err)
		} else if err := peer.Validate(); err != nil {
			t.Errorf("in-toto: %v", err)
		}
		return p
	}
	p := check("provenance-github-token.json", githubEnv, vouched(githubToken1, nil, githubEnv))
	if p.RunDetails.Builder.ID != "https://github.com/acme/shared/.github/workflows/gate.yml@refs/tags/v1" {
		t.Errorf("the builder is not the workflow that was called: %s", p.RunDetails.Builder.ID)
	}
	check("provenance-gitlab-token.json", lab, vouched(gitlabToken1, nil, lab))

	// What the environment does not know, the token tells.
	bare := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com"}
	if p, err := Provenance(bare, Build{Vouched: vouched(githubToken1, nil, bare)}); err != nil || p.BuildDefinition.ResolvedDependencies[0].Digest["gitCommit"] != head {
		t.Errorf("%+v %v", p, err)
	}
	// Without the keys of the issuer, the claims still win, and that is said.
	i.status = http.StatusForbidden
	v := vouched(githubToken1, nil, githubEnv)
	i.status = http.StatusOK
	p, err := Provenance(githubEnv, Build{Vouched: v})
	id, _ := p.BuildDefinition.InternalParameters["identity"].(Identity)
	if err != nil || id.Verification != IdentityUnchecked || !strings.Contains(id.Reason, "403") || len(id.Unverified) == 0 {
		t.Errorf("%+v %v", id, err)
	}

	// A contradiction, of whatever variable: nothing is stated.
	for _, s := range githubClaims {
		env := maps.Clone(githubEnv)
		env[s.variable] = "another"
		if _, err := Provenance(env, Build{Vouched: vouched(githubToken1, nil, env)}); err == nil || !strings.Contains(err.Error(), s.variable+"=another") {
			t.Errorf("%s: %v", s.variable, err)
		}
	}
	for _, name := range []string{"CI_PROJECT_PATH", "CI_COMMIT_SHA", "CI_COMMIT_REF_NAME", "CI_PIPELINE_ID", "CI_JOB_ID", "CI_RUNNER_ID", "CI_PROJECT_URL", "CI_JOB_URL", "CI_COMMIT_BRANCH"} {
		env := maps.Clone(lab)
		env[name] = "another"
		if _, err := Provenance(env, Build{Vouched: vouched(gitlabToken1, nil, env)}); err == nil || !strings.Contains(err.Error(), name+"=another") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Provenance(map[string]string{"JENKINS_URL": "https://j"}, Build{Vouched: v}); err == nil {
		t.Error("a token vouched for a run of Jenkins")
	}
}
