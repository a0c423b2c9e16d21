#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# interop-webhook.sh runs the admission webhook against a real control plane: kube-apiserver, etcd, kube-controller-manager and kubectl
# of one Kubernetes release, built from their Go modules (no Docker, no kind), a registry (olareg) and helm. Idempotent; every version is
# pinned by a go.sum in this repository. "build" as the first argument builds the peers and stops.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet/bin"
mkdir -p "$bin"

# The version must reach the linker: without it the server calls itself v0.0.0-master and charts with a kubeVersion refuse it.
kubernetes=1.37.2
minor=37
stamp="$bin/.controlplane-$kubernetes-$(cat "$root/webhook/testdata/controlplane/go.mod" "$root/webhook/testdata/controlplane/go.sum" | sha256sum | cut -c1-16)"
if [ ! -e "$stamp" ]; then
  x=k8s.io/component-base/version
  for tool in go.etcd.io/etcd/server/v3:etcd k8s.io/kubernetes/cmd/kube-apiserver:kube-apiserver \
    k8s.io/kubernetes/cmd/kube-controller-manager:kube-controller-manager k8s.io/kubernetes/cmd/kubectl:kubectl; do
    echo "building ${tool#*:} ($kubernetes)" >&2
    (cd "$root/webhook/testdata/controlplane" && CGO_ENABLED=0 nice -n "${NICE:-0}" go build ${BUILDFLAGS:-} -trimpath \
      -ldflags="-s -w -X $x.gitVersion=v$kubernetes -X $x.gitMajor=1 -X $x.gitMinor=$minor -X $x.gitTreeState=clean" \
      -o "$bin/${tool#*:}.new" "${tool%:*}")
    mv "$bin/${tool#*:}.new" "$bin/${tool#*:}"
  done
  touch "$stamp"
fi

# build NAME MODULE VERSION PACKAGE: through a wrapper module, because "go install" needs version lists that the proxy does not always have.
build() {
  [ -x "$bin/$1" ] && return
  echo "building $1 $3" >&2
  work=$(mktemp -d)
  printf 'module peer\n\ngo 1.26.0\n\nrequire %s %s\n' "$2" "$3" >"$work/go.mod"
  (cd "$work" && CGO_ENABLED=0 GOFLAGS=-mod=mod nice -n "${NICE:-0}" go build ${BUILDFLAGS:-} -trimpath -ldflags=-s -o "$bin/$1" "$4")
  rm -rf "$work"
}
build olareg github.com/olareg/olareg v0.1.2 github.com/olareg/olareg/cmd/olareg
build helm helm.sh/helm/v4 v4.3.1 helm.sh/helm/v4/cmd/helm
[ "${1:-}" = build ] && exit 0

cd "$root"
go test -tags interop -count=1 -run Interop -v ./webhook/... ./charts/...
