// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// Vouched is what the identity token of a pipeline's run says about the run,
// and how far it was checked. A step of a job can set any variable of the
// environment; it cannot make the platform sign a token.
type Vouched struct {
	Claims  Claims
	Checked bool   // its signature holds with the keys that the issuer publishes
	Why     string // why that could not be checked
}

// Vouch reads a token of the run that the environment describes. The token has
// to be of the platform's own issuer (or of the one named by issuer), for our
// audience, and of now; its signature is checked with the keys that the issuer
// publishes. Only that the keys cannot be fetched is no error: then nothing is
// Checked, and Why says so.
func Vouch(ctx context.Context, token, issuer string, env map[string]string, now time.Time) (*Vouched, error) {
	v, err := vouch(ctx, token, issuer, env, now)
	if err != nil {
		return nil, fmt.Errorf("checking the identity token of this run: %w", err)
	}
	return v, nil
}

func vouch(ctx context.Context, token, issuer string, env map[string]string, now time.Time) (*Vouched, error) {
	claims, err := readClaims(token)
	if err != nil {
		return nil, err
	}
	if err := claims.usable(now); err != nil {
		return nil, err
	}
	if claims.expires().IsZero() {
		return nil, errors.New("it says of no time that it expires then (exp), which no platform's does")
	}
	if issuer == "" {
		issuer = issuerOf(env)
	}
	if iss := claims.Text("iss"); !issuedBy(iss, issuer) {
		return nil, fmt.Errorf("it is of the issuer %s; this platform's is %s. If it has another one, name it with --oidc-issuer", printable(clip(iss)), issuer)
	}
	v := &Vouched{Claims: claims}
	keys, err := fetchKeys(ctx, claims.Text("iss"))
	var away *unreachable
	switch {
	case errors.As(err, &away):
		v.Why = away.Error()
		return v, nil
	case err != nil:
		return nil, err
	}
	verifier := oidc.NewVerifier(claims.Text("iss"), keys, &oidc.Config{
		ClientID: Audience, Now: func() time.Time { return now },
		SupportedSigningAlgs: []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.EdDSA},
	})
	if _, err := verifier.Verify(ctx, token); err != nil {
		return nil, fmt.Errorf("%w; the issuer's keys are those of %s", err, claims.Text("iss"))
	}
	v.Checked = true
	return v, nil
}

// issuerOf is the issuer of tokens that a platform documents. GitHub: "OpenID
// Connect reference"; GitLab: "OpenID Connect (OIDC) authentication using ID tokens".
func issuerOf(env map[string]string) string {
	if env["GITLAB_CI"] == "true" {
		return strings.TrimSuffix(env["CI_SERVER_URL"], "/")
	}
	server := strings.TrimSuffix(env["GITHUB_SERVER_URL"], "/")
	if server == "https://github.com" {
		return "https://token.actions.githubusercontent.com"
	}
	if tenant, ok := strings.CutSuffix(strings.TrimPrefix(server, "https://"), ".ghe.com"); ok {
		return "https://token.actions." + tenant + ".ghe.com"
	}
	return server + "/_services/token" // GitHub Enterprise Server
}

// issuedBy allows for the issuer of an enterprise, whose name GitHub appends.
func issuedBy(iss, want string) bool {
	if iss == want {
		return want != ""
	}
	enterprise, ok := strings.CutPrefix(iss, "https://token.actions.githubusercontent.com/")
	return ok && want == "https://token.actions.githubusercontent.com" && enterpriseName.MatchString(enterprise)
}

var enterpriseName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// unreachable is why the keys of an issuer could not be had.
type unreachable struct{ why string }

func (u *unreachable) Error() string { return u.why }

// fetchKeys asks an issuer for its keys (OpenID Connect Discovery 1.0, 4).
func fetchKeys(ctx context.Context, issuer string) (oidc.KeySet, error) {
	var about struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := fetch(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", &about); err != nil {
		return nil, err
	}
	if about.Issuer != issuer {
		return nil, fmt.Errorf("the issuer %s says that it is %s", issuer, printable(clip(about.Issuer)))
	}
	var set jose.JSONWebKeySet
	if err := fetch(ctx, about.Keys, &set); err != nil {
		return nil, err
	}
	keys := &oidc.StaticKeySet{}
	for _, k := range set.Keys {
		if k.Use != "enc" && k.IsPublic() && k.Valid() {
			keys.PublicKeys = append(keys.PublicKeys, crypto.PublicKey(k.Key))
		}
	}
	if len(keys.PublicKeys) == 0 {
		return nil, fmt.Errorf("the issuer %s publishes no key to check a signature with", issuer)
	}
	return keys, nil
}

// keyTimeout is how long an issuer may take: a runner behind a wall waits for nothing.
const keyTimeout = 10 * time.Second

func fetch(ctx context.Context, address string, into any) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%s is no address to fetch keys from", printable(clip(address)))
	}
	if u.Scheme != "https" && !loopback(u.Hostname()) {
		return &unreachable{"the keys of the issuer are at " + u.Scheme + "://" + u.Host + ", which is not https: anybody could have answered"}
	}
	ctx, cancel := context.WithTimeout(ctx, keyTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return &unreachable{"the keys of the issuer at " + u.Host + " cannot be fetched"}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return &unreachable{fmt.Sprintf("the keys of the issuer at %s cannot be fetched: it answers %d", u.Host, response.StatusCode)}
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return &unreachable{"the keys of the issuer at " + u.Host + " cannot be fetched"}
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s answers no JSON of the expected kind", u.Host)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// sameAs says which variable of the environment tells the same as a claim.
type sameAs struct{ claim, variable string }

// GitHub: "OpenID Connect reference", the token; "Default environment variables".
var githubClaims = []sameAs{
	{"repository", "GITHUB_REPOSITORY"}, {"repository_id", "GITHUB_REPOSITORY_ID"}, {"repository_owner_id", "GITHUB_REPOSITORY_OWNER_ID"},
	{"ref", "GITHUB_REF"}, {"sha", "GITHUB_SHA"}, {"event_name", "GITHUB_EVENT_NAME"}, {"workflow_ref", "GITHUB_WORKFLOW_REF"}, {"workflow_sha", "GITHUB_WORKFLOW_SHA"},
	{"run_id", "GITHUB_RUN_ID"}, {"run_attempt", "GITHUB_RUN_ATTEMPT"}, {"runner_environment", "RUNNER_ENVIRONMENT"},
}

// GitLab: "OpenID Connect (OIDC) authentication using ID tokens", token payload.
var gitlabClaims = []sameAs{
	{"project_path", "CI_PROJECT_PATH"}, {"project_id", "CI_PROJECT_ID"}, {"ref", "CI_COMMIT_REF_NAME"}, {"ref_protected", "CI_COMMIT_REF_PROTECTED"}, {"sha", "CI_COMMIT_SHA"},
	{"pipeline_id", "CI_PIPELINE_ID"}, {"pipeline_source", "CI_PIPELINE_SOURCE"}, {"job_id", "CI_JOB_ID"}, {"runner_id", "CI_RUNNER_ID"},
}

// settle lays the claims over the environment. A variable that says something
// else than the token is an error: one of the two does not belong to this run.
func (v *Vouched) settle(env map[string]string) (environment, error) {
	out := environment{env: map[string]string{}, vouched: map[string]bool{}, read: map[string]bool{}}
	for name, value := range env {
		out.env[name] = value
	}
	var table []sameAs
	switch {
	case v == nil:
		return out, nil
	case env["GITHUB_ACTIONS"] == "true":
		table = githubClaims
	case env["GITLAB_CI"] == "true":
		table = gitlabClaims
	default:
		return out, errors.New("an identity token vouches for runs of GitHub Actions and GitLab CI only")
	}
	said := map[string]string{}
	for _, c := range table {
		if value := v.Claims.scalar(c.claim); value != "" {
			said[c.variable] = value
		}
	}
	if env["GITLAB_CI"] == "true" {
		v.gitlabAddresses(said)
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if env[name] != "" && env[name] != said[name] {
			return out, fmt.Errorf("the environment says %s=%s, the identity token of this run says %s: one of them is of another run; nothing is stated", name, printable(clip(env[name])), printable(clip(said[name])))
		}
		out.env[name] = said[name]
		out.vouched[name] = v.Checked
	}
	out.vouched["GITHUB_SERVER_URL"], out.vouched["CI_SERVER_URL"] = v.Checked, v.Checked // the issuer is theirs
	return out, nil
}

// gitlabAddresses are those that follow from the claims.
func (v *Vouched) gitlabAddresses(said map[string]string) {
	server := v.Claims.Text("iss")
	if path := said["CI_PROJECT_PATH"]; path != "" {
		said["CI_PROJECT_URL"] = server + "/" + path
		if job := said["CI_JOB_ID"]; job != "" {
			said["CI_JOB_URL"] = server + "/" + path + "/-/jobs/" + job
		}
	}
	if ref := said["CI_COMMIT_REF_NAME"]; ref != "" {
		switch v.Claims.Text("ref_type") {
		case "branch":
			said["CI_COMMIT_BRANCH"] = ref
		case "tag":
			said["CI_COMMIT_TAG"] = ref
		}
	}
}

// environment is that of the run, with the claims laid over it; it remembers
// what was read and who vouches for it.
type environment struct {
	env     map[string]string
	vouched map[string]bool
	read    map[string]bool
}

func (e environment) get(name string) string {
	if e.env[name] != "" {
		e.read[name] = true
	}
	return e.env[name]
}

// unverified are the variables that were read and that nobody vouches for.
func (e environment) unverified() []string {
	out := []string{}
	for _, name := range slices.Sorted(maps.Keys(e.read)) {
		if !e.vouched[name] {
			out = append(out, name)
		}
	}
	return out
}

// scalar is a claim as an environment would have it: GitLab gives some as
// numbers, some as texts.
func (c Claims) scalar(name string) string {
	switch v := c[name].(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}
