// SPDX-License-Identifier: Apache-2.0

// Command gatekeeper-ask asks an external-data provider with the client that
// Gatekeeper itself is built of, and prints what that makes of the answer.
//
//	gatekeeper-ask URL CA.pem CERT.pem KEY.pem REFERENCE...
package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"github.com/open-policy-agent/frameworks/constraint/pkg/apis/externaldata/unversioned"
	"github.com/open-policy-agent/frameworks/constraint/pkg/externaldata"
)

func main() {
	if err := ask(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ask(url, ca, cert, key string, keys []string) error {
	pem, err := os.ReadFile(ca)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return err
	}
	p := &unversioned.Provider{Spec: unversioned.ProviderSpec{URL: url, Timeout: 10, CABundle: base64.StdEncoding.EncodeToString(pem)}}
	answer, status, err := externaldata.DefaultSendRequestToProvider(context.Background(), p, keys, &pair)
	if err != nil {
		return fmt.Errorf("%d: %w", status, err)
	}
	// As the Rego builtin external_data hands it to a policy.
	return json.NewEncoder(os.Stdout).Encode(externaldata.NewRegoResponse(status, answer))
}
