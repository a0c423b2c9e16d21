// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/modelvet/modelvet"
)

// family is a kind of model artifact that is read. Only the first is written.
type family struct {
	name     string
	artifact *regexp.Regexp // of artifactType; nil: it has none
	config   *regexp.Regexp // of the configuration's media type
	layer    *regexp.Regexp // of a layer's: its kind, then its packaging
	parse    func(raw []byte) (Config, error)
}

// families are told apart by artifactType, or by the type of the configuration
// where there is none. vnd.cnai is what ModelPack was called in 2025.
var families = []family{
	{
		name:     "ModelPack",
		artifact: regexp.MustCompile(`^application/vnd\.(cncf|cnai)\.model\.manifest\.v1\+json$`),
		config:   regexp.MustCompile(`^application/vnd\.(cncf|cnai)\.model\.config\.v1\+json$`),
		layer:    regexp.MustCompile(`^application/vnd\.(?:cncf|cnai)\.model\.(weight|weight\.config|doc|code|dataset)\.v1\.(raw|gguf|safetensors|tar|tar\+gzip|tar\+zstd)$`),
		parse:    parseModelPack,
	},
	{
		name:   "ModelKit",
		config: regexp.MustCompile(`^application/vnd\.kitops\.modelkit\.config\.v1\+json$`),
		layer:  regexp.MustCompile(`^application/vnd\.kitops\.modelkit\.(model|modelpart|dataset|code|docs)\.v1\.(raw|tar|tar\+gzip)$`),
		parse:  parseKitfile,
	},
	{
		name:   "Docker model",
		config: regexp.MustCompile(`^application/vnd\.docker\.ai\.model\.config\.v0\.[12]\+json$`),
		layer:  regexp.MustCompile(`^application/vnd\.docker\.ai\.(gguf\.v3|gguf\.v3\.lora|safetensors|dduf|mmproj|license|chat\.template\.jinja|vllm\.config|dir|model\.file)(\.tar)?$`),
		parse:  parseDockerConfig,
	},
}

// layerKinds translates what the families call the kinds of a layer.
var layerKinds = map[string]string{
	"weight": KindWeight, "weight.config": KindConfig, "doc": KindDoc, "code": KindCode, "dataset": KindDataset,
	"model": KindWeight, "modelpart": KindWeight, "docs": KindDoc,
	"gguf.v3": KindWeight, "gguf.v3.lora": KindWeight, "safetensors": KindWeight, "dduf": KindWeight, "mmproj": KindWeight,
	"license": KindDoc, "chat.template.jinja": KindConfig, "vllm.config": KindConfig, "dir": KindConfig,
}

// layerNames are for layers that do not say what their file is called.
var layerNames = map[string]string{
	"gguf.v3": "model.gguf", "gguf.v3.lora": "lora.gguf", "safetensors": "model.safetensors", "dduf": "model.dduf", "mmproj": "mmproj.gguf",
	"license": "LICENSE", "chat.template.jinja": "chat_template.jinja",
}

func familyOf(m v1.Manifest) (family, error) {
	for _, f := range families {
		if f.artifact != nil && f.artifact.MatchString(m.ArtifactType) || f.config.MatchString(string(m.Config.MediaType)) {
			return f, nil
		}
	}
	return family{}, fmt.Errorf("artifactType %q with a configuration of type %q: this is not a model artifact that is understood; expected %q (ModelPack), a ModelKit or a Docker model", m.ArtifactType, m.Config.MediaType, typeArtifact)
}

func parseLayers(m v1.Manifest) ([]layer, error) {
	f, err := familyOf(m)
	if err != nil {
		return nil, err
	}
	if len(m.Layers) == 0 {
		return nil, fmt.Errorf("field layers is empty: a model has files")
	}
	layers := make([]layer, 0, len(m.Layers))
	taken := map[string]int{}
	for i, d := range m.Layers {
		l, err := f.parseLayer(d, taken)
		if err != nil {
			return nil, fmt.Errorf("field layers[%d]: %w", i, err)
		}
		layers = append(layers, l)
	}
	return layers, checkPaths(layers)
}

func (f family) parseLayer(d v1.Descriptor, taken map[string]int) (layer, error) {
	match := f.layer.FindStringSubmatch(string(d.MediaType))
	if match == nil {
		return layer{}, fmt.Errorf("media type %q is not that of a layer of a %s", d.MediaType, f.name)
	}
	l := layer{desc: d, archive: archiveOf(match[2])}
	p, err := layerPath(d.Annotations)
	if err != nil {
		return layer{}, err
	}
	if p == "" && f.artifact != nil && l.archive == "" {
		return layer{}, fmt.Errorf("neither annotation %s nor %s names the file", notePath, noteTitle)
	}
	if p == "" || l.archive != "" {
		p = invent(p, match[1], l.archive, taken)
	}
	if err := checkName(p); err != nil {
		return layer{}, err
	}
	kind, ok := layerKinds[match[1]]
	if !ok {
		kind = kindByName(p)
	}
	l.File = modelvet.File{Path: p, Digest: d.Digest.String(), Size: d.Size, Kind: kind}
	l.exec, err = executable(d.Annotations, p)
	return l, err
}

func archiveOf(packaging string) string {
	if packaging = strings.TrimPrefix(packaging, "."); strings.HasPrefix(packaging, "tar") {
		return packaging
	}
	return ""
}

// invent names a layer that has no file name of its own. An archive is named
// as such, since its digest is not that of the files in it.
func invent(p, kind, archive string, taken map[string]int) string {
	if p == "" || p == "." {
		p = first(layerNames[kind], kind)
	}
	if archive != "" {
		p = strings.TrimSuffix(p, "/") + strings.NewReplacer("tar+gzip", ".tar.gz", "tar+zstd", ".tar.zst", "tar", ".tar").Replace(archive)
	}
	taken[p]++
	if n := taken[p]; n > 1 {
		dot := strings.Index(p, ".")
		if dot < 0 {
			dot = len(p)
		}
		return fmt.Sprintf("%s-%d%s", p[:dot], n, p[dot:])
	}
	return p
}

func executable(notes map[string]string, p string) (bool, error) {
	text, ok := firstNote(notes, noteMetadata, "org.cnai.model.file.metadata+json")
	if !ok {
		return false, nil
	}
	var meta fileMetadata
	if err := json.Unmarshal([]byte(text), &meta); err != nil {
		return false, fmt.Errorf("annotation %s of %s: %w", noteMetadata, p, err)
	}
	return meta.Mode&0o111 != 0, nil
}

// layerPath wants one path: a layer that is one file to modctl and another to
// oras is an attack on whoever checks with the one and runs with the other.
func layerPath(notes map[string]string) (string, error) {
	p, _ := firstNote(notes, notePath, "org.cnai.model.filepath", noteTitle)
	for _, key := range []string{notePath, "org.cnai.model.filepath", noteTitle} {
		if q, ok := notes[key]; ok && q != p {
			return "", fmt.Errorf("the layer is named %q by one annotation and %q by %s", p, q, key)
		}
	}
	return p, nil
}

func firstNote(notes map[string]string, keys ...string) (string, bool) {
	for _, key := range keys {
		if value, ok := notes[key]; ok {
			return value, true
		}
	}
	return "", false
}

func parseConfig(raw []byte, m v1.Manifest) (Config, error) {
	f, err := familyOf(m)
	if err != nil {
		return Config{}, err
	}
	c, err := f.parse(raw)
	if err != nil || m.Config.MediaType != typeConfig {
		return c, err
	}
	return c, checkDiffIDs(c, m)
}

// checkDiffIDs compares what the configuration lists with the manifest. For a
// compressed layer the two differ by nature.
func checkDiffIDs(c Config, m v1.Manifest) error {
	if len(c.ModelFS.DiffIDs) != len(m.Layers) {
		return fmt.Errorf("field modelfs.diffIds lists %d layers, the manifest %d", len(c.ModelFS.DiffIDs), len(m.Layers))
	}
	for i, id := range c.ModelFS.DiffIDs {
		if l := m.Layers[i]; id != l.Digest.String() && !compressed(l.MediaType) {
			return fmt.Errorf("field modelfs.diffIds[%d] is %s, the manifest's layer is %s", i, id, l.Digest)
		}
	}
	return nil
}

func compressed(t types.MediaType) bool {
	return strings.HasSuffix(string(t), "+gzip") || strings.HasSuffix(string(t), "+zstd")
}

func parseModelPack(raw []byte) (c Config, err error) { return c, decode(raw, &c) }

func parseKitfile(raw []byte) (Config, error) {
	var k struct {
		Package struct {
			Name, Version, Description string
			Authors                    []string
		}
		Model struct{ Framework, License string }
	}
	if err := decode(raw, &k); err != nil {
		return Config{}, err
	}
	c := Config{Descriptor: ConfigDescriptor{Name: k.Package.Name, Version: k.Package.Version, Description: k.Package.Description, Authors: k.Package.Authors}}
	c.Config.Format = k.Model.Framework
	if k.Model.License != "" {
		c.Descriptor.Licenses = []string{k.Model.License}
	}
	return c, nil
}

func parseDockerConfig(raw []byte) (Config, error) {
	var d struct {
		Config struct{ Format, Quantization, Parameters, Architecture string }
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	if err := decode(raw, &d); err != nil {
		return Config{}, err
	}
	return Config{
		ModelFS: ConfigFS{Type: "layers", DiffIDs: d.RootFS.DiffIDs},
		Config:  ConfigModel{Format: d.Config.Format, Quantization: d.Config.Quantization, ParamSize: d.Config.Parameters, Architecture: d.Config.Architecture},
	}, nil
}
