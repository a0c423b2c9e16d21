# METADATA
# title: Loading the model runs nobody's code
# description: |
#   No file of the model names a callable that could run commands, read files or
#   open connections while the file is loaded.
# custom:
#   level: block
#   needs: [scan/modelfile]
#   controls: [euaia-art-15.5, airmf-measure-2.7, iso42001-a.6.2.4, atlas-aml.t0011.000, atlas-aml.t0018.002, owasp-ml06-2023, airmf-genai-risk-9, atlas-aml.t0010.003]
#   remediation: Do not load the file. Export the weights again, in a format that holds only numbers (safetensors, ONNX, JSON).
#   waivable: false
package policies.rules.safety.no_unsafe_calls

deny contains sprintf("%s: %s (%s)", [f.path, f.what, f.id]) if {
	some f in input.scans.modelfile.findings
	endswith(f.id, "/unsafe-call")
}
