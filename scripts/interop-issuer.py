# SPDX-License-Identifier: Apache-2.0
"""An issuer of identity tokens on loopback, for scripts/interop-ci.sh.

    interop-issuer.py CLAIMS.json PORT-FILE

Serves what GitHub's and GitLab's issuers serve: a discovery document, keys,
and a token service, which answers with the claims that CLAIMS.json holds when it
is asked. Signs with openssl. /wrong hands out a token with a changed claim.
"""
import base64
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import time

claims_file, port_file = sys.argv[1:]
key = tempfile.NamedTemporaryFile(suffix=".pem")
subprocess.run(["openssl", "genrsa", "-out", key.name, "2048"], check=True, stderr=subprocess.DEVNULL)
text = subprocess.run(["openssl", "rsa", "-in", key.name, "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout
modulus = bytes.fromhex(re.search("Modulus=([0-9A-F]+)", text)[1])


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(issuer, change):
    now = int(time.time())
    claims = {"iss": issuer, "aud": "sigstore", "iat": now, "exp": now + 300} | json.load(open(claims_file))
    head, body = b64(b'{"alg":"RS256","kid":"1","typ":"JWT"}'), b64(json.dumps(claims).encode())
    sign = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key.name], input=f"{head}.{body}".encode(), check=True, capture_output=True)
    return f"{head}.{b64(json.dumps(claims | change).encode())}.{b64(sign.stdout)}"


class Issuer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        here = f"http://127.0.0.1:{self.server.server_port}"
        path = self.path.split("?")[0]
        if path == "/.well-known/openid-configuration":
            answer = {"issuer": here, "jwks_uri": here + "/keys"}
        elif path == "/keys":
            answer = {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1", "n": b64(modulus), "e": "AQAB"}]}
        elif path in ("/token", "/wrong") and self.headers.get("Authorization") == "Bearer job" and "audience=sigstore" in self.path:
            answer = {"value": token(here, {"run_id": "2"} if path == "/wrong" else {})}
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
with open(port_file + ".part", "w") as f:
    f.write(str(server.server_port))
os.rename(port_file + ".part", port_file)
server.serve_forever()
