// SPDX-License-Identifier: Apache-2.0

// Package release packs modelvet's own programs: archives, checksums, a bill
// of materials, and a container image for several platforms as an OCI layout,
// made without a container engine. The same programs and the same date give
// the same bytes.
//
// It must never build, sign or publish: scripts/release.sh builds, cmd/release
// signs, and a person publishes.
package release

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Program is modelvet, built for one platform.
type Program struct {
	OS, Arch string
	Path     string

	// Libraries are files of the C library that the program needs, for the image;
	// none when it is static.
	Libraries []string
}

// Platform is "linux/arm64".
func (p Program) Platform() string { return p.OS + "/" + p.Arch }

// Static is a library that is part of a program and no Go module: what the
// linker took in.
type Static struct {
	Name, Version string
	PURL          string // package URL of where it came from
	OS, Arch      string // of the programs that hold it
}

// Release is everything of one version.
type Release struct {
	Version  string // "v1.2.3"
	At       time.Time
	Programs []Program
	Statics  []Static
	Licence  []byte // text of the project's own
	Others   []byte // texts of the licences of what is linked in

	inspect func(path string) (*debug.BuildInfo, error) // nil: the program is asked
}

// modules asks a program what it was built from.
func (r Release) modules(p Program) (*debug.BuildInfo, error) {
	inspect := r.inspect
	if inspect == nil {
		inspect = buildinfo.ReadFile
	}
	info, err := inspect(p.Path)
	if err == nil && len(info.Deps) == 0 {
		err = errors.New("the program names no module")
	}
	if err != nil {
		return nil, fmt.Errorf("reading what %s was built from: %w", p.Platform(), err)
	}
	return info, nil
}

var versions = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$`)

// Check says what is missing.
func (r Release) Check() error {
	switch {
	case !versions.MatchString(r.Version):
		return fmt.Errorf("checking the release: the version is %q; want one like v1.2.3 or v1.2.3-rc.1", r.Version)
	case r.At.IsZero():
		return errors.New("checking the release: it has no date")
	case len(r.Programs) == 0:
		return errors.New("checking the release: it has no program")
	case len(r.Licence) == 0 || len(r.Others) == 0:
		return errors.New("checking the release: the texts of the licences are missing")
	}
	return nil
}

// base begins the names of all files of the release.
func (r Release) base() string { return "modelvet_" + strings.TrimPrefix(r.Version, "v") }

// File is one file of the release.
type File struct {
	Name, SHA256 string
}

// Write writes every file into dir, which has to be empty or new, and lists them.
func (r Release) Write(dir string) ([]File, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	slices.SortFunc(r.Programs, func(a, b Program) int { return cmp.Compare(a.Platform(), b.Platform()) })
	var files []File
	add := func(name string, write func(io.Writer) error) error {
		f, err := writeFile(filepath.Join(dir, name), write)
		if err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		files = append(files, f)
		return nil
	}
	for _, p := range r.Programs {
		if err := add(fmt.Sprintf("%s_%s_%s.tar.gz", r.base(), p.OS, p.Arch), func(w io.Writer) error { return r.archive(w, p) }); err != nil {
			return nil, err
		}
	}
	if err := add(r.base()+".cdx.json", r.sbom); err != nil {
		return nil, err
	}
	return files, add("checksums.txt", func(w io.Writer) error { return checksums(w, files) })
}

// checksums are in the format of sha256sum, which scripts/action-get.sh reads.
func checksums(w io.Writer, files []File) error {
	for _, f := range files {
		if _, err := fmt.Fprintf(w, "%s  %s\n", f.SHA256, f.Name); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) (file File, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return file, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum := sha256.New()
	if err := write(io.MultiWriter(f, sum)); err != nil {
		return file, err
	}
	return File{Name: filepath.Base(path), SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// archive holds the program and the licences, at its top.
func (r Release) archive(w io.Writer, p Program) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	err = errors.Join(r.addFile(t, "modelvet", p.Path),
		r.addBytes(t, "LICENSE", r.Licence), r.addBytes(t, "THIRD-PARTY-LICENSES", r.Others))
	return errors.Join(err, t.Close(), z.Close())
}

// header is the same whoever packs, and whenever.
func (r Release) header(name string, mode, size int64) *tar.Header {
	kind := byte(tar.TypeReg)
	if strings.HasSuffix(name, "/") {
		kind = tar.TypeDir
	}
	return &tar.Header{Typeflag: kind, Name: name, Mode: mode, Size: size, ModTime: r.At.UTC().Truncate(time.Second), Format: tar.FormatUSTAR}
}

func (r Release) addFile(t *tar.Writer, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := t.WriteHeader(r.header(name, 0o755, info.Size())); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}

func (r Release) addBytes(t *tar.Writer, name string, data []byte) error {
	if err := t.WriteHeader(r.header(name, 0o644, int64(len(data)))); err != nil {
		return err
	}
	_, err := t.Write(data)
	return err
}
