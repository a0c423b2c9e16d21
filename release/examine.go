// SPDX-License-Identifier: Apache-2.0

package release

import (
	"debug/elf"
	"debug/macho"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// system are the libraries that every macOS has and a program may ask for.
var system = []string{"/usr/lib/libSystem.B.dylib", "/usr/lib/libresolv.9.dylib", "/usr/lib/libc++.1.dylib",
	"/System/Library/Frameworks/CoreFoundation.framework/Versions/A/CoreFoundation", "/System/Library/Frameworks/Security.framework/Versions/A/Security"}

// Examine refuses a program that is not for its platform, or that needs what
// the platform may not have: a Linux program needs no library but those that it
// brings into the image, one for macOS only those of the system, and on arm64
// a signature.
func Examine(p Program) error {
	var err error
	switch p.OS {
	case "linux":
		err = examineELF(p)
	case "darwin":
		err = examineMachO(p)
	default:
		err = fmt.Errorf("no program is released for %s", p.OS)
	}
	if err != nil {
		return fmt.Errorf("examining the program for %s: %w", p.Platform(), err)
	}
	return nil
}

func examineELF(p Program) error {
	f, err := elf.Open(p.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	if want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[p.Arch]; f.Machine != want {
		return fmt.Errorf("it is for %s", f.Machine)
	}
	needs, err := f.ImportedLibraries()
	if err != nil {
		return err
	}
	for _, s := range f.Progs {
		if s.Type == elf.PT_INTERP {
			loader := make([]byte, s.Filesz)
			if _, err := s.ReadAt(loader, 0); err != nil {
				return err
			}
			needs = append(needs, strings.TrimRight(string(loader), "\x00"))
		}
	}
	for _, n := range needs {
		if !slices.ContainsFunc(p.Libraries, func(l string) bool { return filepath.Base(l) == filepath.Base(n) }) {
			return fmt.Errorf("it needs %s, which nothing brings along", n)
		}
	}
	return nil
}

// The load commands that debug/macho has no names for (mach-o/loader.h).
const (
	loadBuildVersion  = 0x32
	loadCodeSignature = 0x1d
	platformMacOS     = 1
)

func examineMachO(p Program) error {
	f, err := macho.Open(p.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	if want := map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64}[p.Arch]; f.Cpu != want || f.Type != macho.TypeExec {
		return fmt.Errorf("it is a %s for %s", f.Type, f.Cpu)
	}
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return err
	}
	for _, l := range libraries {
		if !slices.Contains(system, l) {
			return fmt.Errorf("it needs %s, which is no library of macOS", l)
		}
	}
	mac, signed := false, false
	for _, l := range f.Loads {
		raw := l.Raw()
		switch command := binary.LittleEndian.Uint32(raw); {
		case command == loadBuildVersion && len(raw) >= 12:
			mac = binary.LittleEndian.Uint32(raw[8:]) == platformMacOS
		case command == loadCodeSignature:
			signed = true
		}
	}
	switch {
	case !mac:
		return fmt.Errorf("it does not say that it is for macOS")
	case !signed && p.Arch == "arm64":
		return fmt.Errorf("it has no signature, without which macOS kills it")
	}
	return nil
}
