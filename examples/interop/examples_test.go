// SPDX-License-Identifier: Apache-2.0

// Package interop holds the examples against the types of those who read them.
package interop

import (
	_ "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	_ "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	_ "sigs.k8s.io/yaml"
)
