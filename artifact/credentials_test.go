// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet/artifact"
)

// guarded is a registry that lets nobody but ci in.
func guarded(t *testing.T) string {
	t.Helper()
	f, host := startFaulty(t, &faulty{})
	f.fail = func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, ok := r.BasicAuth(); ok && user == "ci" && password == "secret" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	return host
}

// helper puts a credential helper of Docker on the path: it answers for one host
// only, and writes down what it was asked.
func helper(t *testing.T, host, password string) (asked string) {
	t.Helper()
	bin := t.TempDir()
	asked = filepath.Join(bin, "asked")
	script := fmt.Sprintf("#!/bin/sh\nread -r server\necho \"$1 $server\" >>%q\n[ \"$1 $server\" = \"get %s\" ] || { echo 'credentials not found in native keychain'; exit 1; }\n"+
		"printf '{\"ServerURL\":\"%%s\",\"Username\":\"ci\",\"Secret\":\"%s\"}' \"$server\"\n", asked, host, password)
	if err := os.WriteFile(filepath.Join(bin, "docker-credential-fake"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return asked
}

func dockerConfig(t *testing.T, content string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.json"), content)
	t.Setenv("DOCKER_CONFIG", dir)
}

func TestCredentialsOfDocker(t *testing.T) {
	layout, _ := packed(t, credit)
	for name, c := range map[string]struct{ config, password, want string }{
		"a helper for all registries": {`{"credsStore":"fake"}`, "secret", ""},
		"a helper for this one":       {`{"credHelpers":{"HOST":"fake"}}`, "secret", ""},
		"in the file itself":          {`{"auths":{"HOST":{"auth":"Y2k6c2VjcmV0"}}}`, "", ""},
		"a helper with an old secret": {`{"credsStore":"fake"}`, "old", "401"},
		"a helper that is not there":  {`{"credsStore":"missing"}`, "", "docker-credential-missing"},
		"nobody":                      {`{}`, "", "401"},
		"a broken configuration":      {`{`, "", "Docker configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			host := guarded(t)
			asked := helper(t, host, c.password)
			dockerConfig(t, strings.ReplaceAll(c.config, "HOST", host))
			_, err := artifact.Push(t.Context(), "oci:"+layout, host+"/m:v1", artifact.Options{})
			if c.want != "" {
				wantError(t, err, c.want)
				if strings.Contains(err.Error(), "old") || strings.Contains(err.Error(), "Basic ") {
					t.Errorf("the error tells a secret: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := open(t, host+"/m:v1").Verify(t.Context()); err != nil {
				t.Error(err)
			}
			if b, _ := os.ReadFile(asked); strings.Contains(c.config, "fake") != strings.Contains(string(b), "get "+host) {
				t.Errorf("the helper was asked %q", b)
			}
		})
	}
}
