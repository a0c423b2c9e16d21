// SPDX-License-Identifier: Apache-2.0

//go:build interop

package attest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

// motoServer runs moto with what it says of itself that it does not have yet: it
// hashes a message that is said to be a digest already (moto/kms/models.py,
// "MessageType-parameter DIGEST is not yet implemented").
const motoServer = `
import sys
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from moto.kms.utils import ECDSAPrivateKey
from moto.server import main
def sign(self, message, signing_algorithm):
    size = int(signing_algorithm.rsplit("_", 1)[1]) // 8
    assert len(message) == size, "not a digest of %s" % signing_algorithm
    return self.private_key.sign(message, ec.ECDSA(utils.Prehashed({32: hashes.SHA256(), 48: hashes.SHA384(), 64: hashes.SHA512()}[size])))
ECDSAPrivateKey.sign = sign
main(sys.argv[1:])
`

// moto is a stand-in for AWS that answers its real client.
func moto(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	cmd := exec.Command(peer(t, "MODELVET_MOTO", "moto/bin/python"), "-c", motoServer, "-H", "127.0.0.1", "-p", fmt.Sprint(port))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address := fmt.Sprintf("http://127.0.0.1:%d", port)
	for range 300 {
		if resp, err := http.Get(address + "/moto-api/"); err == nil {
			resp.Body.Close()
			return address
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("moto does not answer")
	return ""
}

func kmsKeyAt(t *testing.T, address, spec string) string {
	t.Helper()
	body := fmt.Sprintf(`{"KeySpec":%q,"KeyUsage":"SIGN_VERIFY"}`, spec)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "TrentService.CreateKey")
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x/20261124/eu-central-1/kms/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var made struct{ KeyMetadata struct{ KeyID string } }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || made.KeyMetadata.KeyID == "" {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	return made.KeyMetadata.KeyID
}

// The client of AWS signs with keys that never leave the service.
func TestInteropAWSKeysSign(t *testing.T) {
	ctx, address := context.Background(), moto(t)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": address, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"} {
		t.Setenv(name, value)
	}
	for _, spec := range []string{"ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"} {
		t.Run(spec, func(t *testing.T) {
			s, err := LoadSigner(ctx, "awskms:///"+kmsKeyAt(t, address, spec), nil)
			if err != nil {
				t.Fatal(err)
			}
			b, err := Sign(ctx, s, subject, modelvet.PredicateScan, map[string]any{}, noon)
			if err != nil {
				t.Fatal(err)
			}
			wantStatus(t, Verify(ctx, b, trusting(s), subject), modelvet.Verified, "")
			wantStatus(t, Verify(ctx, b, trusting(fresh(t)), subject), modelvet.Unverified, "does not trust")
		})
	}
	if _, err := LoadSigner(ctx, "awskms:///1234abcd-12ab-34cd-56ef-1234567890ab", nil); err == nil || !strings.Contains(err.Error(), "1234abcd") {
		t.Errorf("a key that is not there: %v", err)
	}
}
