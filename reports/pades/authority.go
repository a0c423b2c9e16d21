// SPDX-License-Identifier: Apache-2.0

package pades

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/digitorus/timestamp"
)

const (
	stampTimeout = 30 * time.Second
	maxStamp     = 64 << 10 // bytes of an answer
)

// Authority asks a time-stamping authority (RFC 3161 over HTTP). The answer
// must be for the same digest and the same nonce.
func Authority(ctx context.Context, client *http.Client, url string) Stamper {
	return func(digest []byte) ([]byte, error) {
		ctx, stop := context.WithTimeout(ctx, stampTimeout)
		defer stop()
		nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
		if err != nil {
			return nil, err
		}
		query, err := (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: digest, Certificates: true, Nonce: nonce}).Marshal()
		if err != nil {
			return nil, fmt.Errorf("asking %s: %w", url, err)
		}
		answer, err := post(ctx, client, url, query)
		if err != nil {
			return nil, fmt.Errorf("asking the time-stamping authority %s: %w", url, err)
		}
		t, err := timestamp.ParseResponse(answer)
		switch {
		case err != nil:
			return nil, fmt.Errorf("reading the answer of %s: %w", url, err)
		case !bytes.Equal(t.HashedMessage, digest) || t.Nonce == nil || t.Nonce.Cmp(nonce) != 0:
			return nil, fmt.Errorf("reading the answer of %s: it answers another question", url)
		}
		return t.RawToken, nil
	}
}

func post(ctx context.Context, client *http.Client, url string, query []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxStamp+1))
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("it answers %s", res.Status)
	case len(answer) > maxStamp:
		return nil, fmt.Errorf("its answer has more than %d bytes", maxStamp)
	}
	return answer, nil
}
