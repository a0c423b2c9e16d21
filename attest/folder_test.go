// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

func plant(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "credit")
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAFolderSignedEveryWay(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	contents := map[string]string{"big": strings.Repeat("0123456789", 250), "sub/a": "hi", "a-b": "1", "a/b": "2", "empty": "", ".git/HEAD": "x", ".gitignore": "y", "sub/.gitignore": "z", "skip/me": "s"}
	for _, c := range []Serialization{{}, {Hash: "blake2b"}, {Hash: "blake3"}, {ShardSize: 1000}, {ShardSize: 7, Workers: 3}, {Hash: "blake2b", ShardSize: 1000}} {
		c.Ignore = []string{"skip"}
		dir := plant(t, contents)
		bundle, err := SignFolder(ctx, s, dir, c)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := SignFolder(ctx, s, dir, c); err != nil || string(again) != string(bundle) {
			t.Errorf("%+v: other bytes the second time (%v)", c, err)
		}
		check := func(status modelvet.Status, reason string, o FolderOptions) {
			t.Helper()
			e := VerifyFolder(ctx, bundle, trusting(s), dir, o)
			if e.Status != status || !strings.Contains(e.Reason, reason) {
				t.Errorf("%+v: %s: %s", c, e.Status, e.Reason)
			}
		}
		put := func(name, text string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		check(modelvet.Verified, "", FolderOptions{})
		put(".git/HEAD", "changed")
		put("skip/me", "changed")
		check(modelvet.Verified, "", FolderOptions{})
		put("more", "x")
		check(modelvet.Invalid, "more", FolderOptions{})
		check(modelvet.Verified, "", FolderOptions{AllowUnsigned: true})
		check(modelvet.Verified, "", FolderOptions{Ignore: []string{"more"}})
		put("big", contents["big"][:2499]+"x")
		check(modelvet.Invalid, "changed since", FolderOptions{AllowUnsigned: true})
		put("big", contents["big"])
		if err := os.Remove(filepath.Join(dir, "sub/a")); err != nil {
			t.Fatal(err)
		}
		check(modelvet.Invalid, "missing", FolderOptions{AllowUnsigned: true})
		if e := VerifyFolder(ctx, bundle, trusting(fresh(t)), dir, FolderOptions{}); e.Status != modelvet.Unverified {
			t.Errorf("of a stranger: %s", e.Status)
		}
	}
}

func TestWhatCannotBeSignedIsRefused(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	for name, c := range map[string]struct {
		s    Serialization
		link string
		want string
	}{
		"a link":               {Serialization{}, "a", "symbolic link"},
		"a link that may be":   {Serialization{Symlinks: true}, "a", ""},
		"a link that leaves":   {Serialization{Symlinks: true}, "/etc/passwd", "escapes"},
		"a link that climbs":   {Serialization{Symlinks: true}, "../../x", "escapes"},
		"a link to nothing":    {Serialization{Symlinks: true}, "nothing", "no such file"},
		"a link that is left":  {Serialization{Ignore: []string{"link"}}, "/etc/passwd", ""},
		"another hash":         {Serialization{Hash: "md5"}, "", "md5"},
		"shards of BLAKE3":     {Serialization{Hash: "blake3", ShardSize: 10}, "", "blake3"},
		"a negative shard":     {Serialization{ShardSize: -1}, "", "shard_size"},
		"everything left out":  {Serialization{Ignore: []string{"a"}}, "", "empty model"},
		"nothing out of place": {Serialization{}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := plant(t, map[string]string{"a": "1"})
			if c.link != "" {
				if err := os.Symlink(c.link, filepath.Join(dir, "link")); err != nil {
					t.Fatal(err)
				}
			}
			_, err := SignFolder(ctx, s, dir, c.s)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: expected %q", err, c.want)
			}
		})
	}
	if _, err := SignFolder(ctx, s, filepath.Join(t.TempDir(), "nothing"), Serialization{}); err == nil {
		t.Error("a folder that is not there was signed")
	}
}

func BenchmarkSignFolder(b *testing.B) {
	s, dir := fixed(b), plant(b, map[string]string{"weights": strings.Repeat("0123456789abcdef", 4<<20)})
	for name, c := range map[string]Serialization{"files": {}, "shards": {ShardSize: 16 << 20}, "blake3": {Hash: "blake3"}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(64 << 20)
			for b.Loop() {
				if _, err := SignFolder(context.Background(), s, dir, c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
