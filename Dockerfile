# The image of modelvet, for those who build it with a container engine. scripts/release.sh
# makes the published one without: same program, same content, reproducible to its digest.
#
# The last stage is empty, so that no base image has to be trusted or pinned. The first one is
# pinned by its tag only: no digest could be looked up where this was written. Pin it yourself:
#   docker build --build-arg GO_IMAGE=golang:1.26.8-bookworm@sha256:... --build-arg VERSION=v0.1.0 .
# With the compilers of Debian 12 that it holds, the program is the one of the release. It
# makes the image for amd64 only: the program for arm64 cannot be static, and brings its
# glibc along, which scripts/release.sh sees to.
ARG GO_IMAGE=golang:1.26.8-bookworm
FROM ${GO_IMAGE} AS build
ARG VERSION=v0.0.0-docker
ENV GOTOOLCHAIN=local CGO_ENABLED=1 GOAMD64=v1
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN GOOS=linux GOARCH=amd64 CC=x86_64-linux-gnu-gcc CXX=x86_64-linux-gnu-g++ go build -trimpath -buildvcs=false -tags netgo,osusergo \
      -ldflags "-s -w -buildid= -X main.release=$VERSION -linkmode=external -extldflags '-static -Wl,--build-id=none'" -o /out/usr/local/bin/modelvet ./cmd/modelvet && \
    mkdir -p /out/etc/ssl/certs /out/home/nonroot /out/tmp /out/work && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ && cp LICENSE /out/ && \
    echo 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >/out/etc/passwd && echo 'nonroot:x:65532:' >/out/etc/group && \
    chmod 1777 /out/tmp && chown -R 65532:65532 /out/home/nonroot /out/work

FROM scratch
COPY --from=build /out/ /
ENV PATH=/usr/local/bin HOME=/home/nonroot SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/modelvet"]
CMD ["--help"]
