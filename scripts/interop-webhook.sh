#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# interop-webhook.sh runs the admission webhook against a real control plane: kube-apiserver, etcd, kube-controller-manager and kubectl
# of one Kubernetes release (no Docker, no kind), a registry (olareg) and helm, all built from one Go module, whose go.sum pins every
# version, so that what they share is compiled once. Idempotent: nothing is built again while that module stays as it is. "build" as the
# first argument builds the peers and stops.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
module="$root/webhook/testdata/controlplane"
bin="${XDG_CACHE_HOME:-$HOME/.cache}/modelvet/bin"
mkdir -p "$bin"

kubernetes=$(cd "$module" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
minor=${kubernetes#v1.}
stamp="$bin/.controlplane-$kubernetes-$(cat "$module/go.mod" "$module/go.sum" "$0" | sha256sum | cut -c1-16)"
peers="kube-apiserver kube-controller-manager kubectl etcd olareg helm"
complete() {
  [ -e "$stamp" ] || return 1
  for peer in $peers; do [ -x "$bin/$peer" ] || return 1; done
}
if ! complete; then
  echo "building $peers ($kubernetes)" >&2
  new=$(mktemp -d "$bin/.new-XXXXXX")
  trap 'rm -rf "$new"' EXIT INT TERM
  # The version must reach the linker: without it the server calls itself v0.0.0-master and charts with a kubeVersion refuse it.
  x=k8s.io/component-base/version
  (cd "$module" && CGO_ENABLED=0 nice -n "${NICE:-0}" go build ${BUILDFLAGS:-} -trimpath \
    -ldflags="-s -w -X $x.gitVersion=$kubernetes -X $x.gitMajor=1 -X $x.gitMinor=${minor%%.*} -X $x.gitTreeState=clean" -o "$new/" \
    k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/kubernetes/cmd/kubectl \
    go.etcd.io/etcd/server/v3 github.com/olareg/olareg/cmd/olareg helm.sh/helm/v4/cmd/helm)
  mv "$new/server" "$new/etcd"
  for peer in $peers; do mv "$new/$peer" "$bin/$peer"; done
  rm -rf "$new" "$bin"/.controlplane-*
  trap - EXIT INT TERM
  touch "$stamp"
fi
# The client by which Gatekeeper asks providers. A module of its own, so that the versions above do not depend on it.
ask="$root/webhook/testdata/gatekeeper"
askstamp="$bin/.gatekeeper-ask-$(cat "$ask/go.mod" "$ask/go.sum" "$ask/main.go" | sha256sum | cut -c1-16)"
if ! [ -e "$askstamp" ] || ! [ -x "$bin/gatekeeper-ask" ]; then
  rm -f "$bin"/.gatekeeper-ask-*
  (cd "$ask" && CGO_ENABLED=0 go build ${BUILDFLAGS:-} -trimpath -o "$bin/gatekeeper-ask" .)
  touch "$askstamp"
fi
[ "${1:-}" = build ] && exit 0

cd "$root"
go test -tags interop -count=1 -timeout 10m -run Interop -v ./webhook/... ./charts/...
