// SPDX-License-Identifier: Apache-2.0

package oscal

import "github.com/modelvet/modelvet/controls"

// File is one OSCAL document under the name by which others refer to it.
type File struct {
	Name string
	Data []byte
}

// Export writes the whole set: a catalogue, then a profile for each, then the
// crosswalk. Put into one folder, the references between them hold.
func Export(s *controls.Set) ([]File, error) {
	var out []File
	add := func(name string, d Document, err error) error {
		if err != nil {
			return err
		}
		data, err := d.Marshal()
		out = append(out, File{name, data})
		return err
	}
	for _, c := range s.Catalogues() {
		if err := add(FileName(c.ID), FromCatalogue(c), nil); err != nil {
			return nil, err
		}
	}
	for _, p := range s.Profiles() {
		d, err := FromProfile(s, p)
		if err := add(p.ID+"-profile.json", d, err); err != nil {
			return nil, err
		}
	}
	d, err := FromCrosswalk(s)
	if err := add("crosswalk-mapping.json", d, err); err != nil {
		return nil, err
	}
	return out, nil
}
