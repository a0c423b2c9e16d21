// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	commentPages = 30      // of 100 comments each are searched for our own
	answerBytes  = 8 << 20 // of one page
)

// ErrNoRequest says that the job runs for no pull or merge request.
var ErrNoRequest = errors.New("this job runs for no pull or merge request")

// Comment writes the summary below the pull request, or replaces the one that
// it wrote before for the same stage. Token needs `pull-requests: write`.
func (g GitHub) Comment(ctx context.Context, r Result, token string) error {
	e, err := g.event()
	if err != nil {
		return fmt.Errorf("reading the event of the job: %w", err)
	}
	if e.PullRequest.Number == 0 {
		return ErrNoRequest
	}
	base, err := url.JoinPath(g.Env["GITHUB_API_URL"], "repos", g.Env["GITHUB_REPOSITORY"])
	if err != nil {
		return fmt.Errorf("GITHUB_API_URL: %w", err)
	}
	t := thread{list: fmt.Sprintf("%s/issues/%d/comments", base, e.PullRequest.Number), one: base + "/issues/comments/%d",
		change: http.MethodPatch, header: http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"}}}
	return t.post(ctx, r)
}

// Comment writes the summary below the merge request, or replaces the one that
// it wrote before for the same stage. Token needs the scope `api`; a job token
// cannot write notes.
func (g GitLab) Comment(ctx context.Context, r Result, token string) error {
	project, request := g.Env["CI_MERGE_REQUEST_PROJECT_ID"], g.Env["CI_MERGE_REQUEST_IID"]
	if request == "" {
		return ErrNoRequest
	}
	notes, err := url.JoinPath(g.Env["CI_API_V4_URL"], "projects", url.PathEscape(project), "merge_requests", url.PathEscape(request), "notes")
	if err != nil {
		return fmt.Errorf("CI_API_V4_URL: %w", err)
	}
	t := thread{list: notes, one: notes + "/%d", change: http.MethodPut, header: http.Header{"Private-Token": {token}}}
	return t.post(ctx, r)
}

// thread is the comments of one request on one platform.
type thread struct {
	list, one string // addresses of all, and, with %d, of one
	change    string // method that replaces one
	header    http.Header
}

// post keeps one comment for each stage: a request that is judged ten times is
// no reason for ten comments.
func (t thread) post(ctx context.Context, r Result) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	marker := fmt.Sprintf("<!-- modelvet:%s -->", hexed(r.Decision.Stage))
	id, err := t.find(ctx, marker)
	if err != nil {
		return fmt.Errorf("looking for an earlier comment: %w", err)
	}
	method, where := http.MethodPost, t.list
	if id != 0 {
		method, where = t.change, fmt.Sprintf(t.one, id)
	}
	body, err := json.Marshal(map[string]string{"body": marker + "\n" + string(r.Summary)})
	if err != nil {
		return err
	}
	_, err = t.call(ctx, method, where, body)
	return err
}

// hexed makes a stage's name harmless inside an HTML comment.
func hexed(s string) string { return fmt.Sprintf("%x", s) }

func (t thread) find(ctx context.Context, marker string) (int64, error) {
	for page := 1; page <= commentPages; page++ {
		answer, err := t.call(ctx, http.MethodGet, fmt.Sprintf("%s?per_page=100&page=%d", t.list, page), nil)
		if err != nil {
			return 0, err
		}
		var comments []struct {
			ID   int64  `json:"id"`
			Body string `json:"body"`
		}
		if err := decode(answer, &comments); err != nil {
			return 0, err
		}
		for _, c := range comments {
			if strings.HasPrefix(c.Body, marker) {
				return c.ID, nil
			}
		}
		if len(comments) < 100 {
			return 0, nil
		}
	}
	return 0, nil
}

// call makes one request; anything but success is an error that shows what the
// platform said.
func (t thread) call(ctx context.Context, method, where string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, where, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = t.header.Clone()
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, answerBytes))
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s: %s: %s", method, where, res.Status, clip(plain(string(answer)), 300))
	}
	return answer, nil
}
