// SPDX-License-Identifier: Apache-2.0

package schemas

// ValidateValue is [Validate] for a document that is decoded already, as
// encoding/json decodes into an empty interface: numbers are float64.
func ValidateValue(name string, v any) error {
	s, err := schema(name)
	if err != nil {
		return err
	}
	return validate(s, name, v)
}
