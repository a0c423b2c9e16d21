// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/schemas"
)

// SystemFile is where a model's folder says what the system is.
const SystemFile = "modelvet.yaml"

// LoadSystem reads DIR/modelvet.yaml.
func LoadSystem(dir string) (modelvet.System, error) {
	var s modelvet.System
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return s, fmt.Errorf("reading the model: %w", err)
	case !info.IsDir():
		return s, fmt.Errorf("reading the model: %s is no folder; name the folder that holds %s", dir, SystemFile)
	}
	path := filepath.Join(dir, SystemFile)
	b, err := readSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("%s does not exist; `modelvet init %s` writes one", path, dir)
	}
	if err != nil {
		return s, fmt.Errorf("reading the system: %w", err)
	}
	if err := schemas.DecodeYAML("system", path, b, &s); err != nil {
		return s, err
	}
	return s, checkSystem(path, s)
}

// checkSystem finds what a schema cannot say.
func checkSystem(path string, s modelvet.System) error {
	names := map[string]bool{}
	for i, t := range s.Tables {
		if names[t.Name] {
			return fmt.Errorf("%s: tables[%d].name: a table named %s stands there already", path, i, t.Name)
		}
		names[t.Name] = true
	}
	return nil
}
