// SPDX-License-Identifier: Apache-2.0

package policies

import "github.com/open-policy-agent/opa/v1/version"

// EngineVersion says which OPA evaluates the rules.
func EngineVersion() string { return version.Version }
