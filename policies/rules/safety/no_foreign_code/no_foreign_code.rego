# METADATA
# title: Loading the model fetches and runs no code beside it
# description: |
#   No configuration asks the library to run code that comes with the model or from
#   elsewhere (remote code of transformers, foreign modules of Keras, torch packages,
#   Hydra targets, YAML tags, Lambda layers, operators in Python).
# custom:
#   level: block
#   needs: [scan/modelfile]
#   controls: [euaia-art-15.5, airmf-measure-2.7, airmf-genai-risk-12, iso42001-a.6.2.4, atlas-aml.t0011.000, atlas-aml.t0018.002, owasp-llm03-2025]
#   remediation: Take the reference out of the configuration; use an architecture that the library itself has.
package policies.rules.safety.no_foreign_code

deny contains sprintf("%s: %s (%s)", [f.path, f.what, f.id]) if {
	some f in input.scans.modelfile.findings
	f.id in {
		"json/remote-code", "keras/foreign-module", "keras/lambda-code", "keras/unsafe-layer", "keras/unsafe-deserialization", "hdf5/unsafe-layer",
		"torch/package-code", "hydra/target", "yaml/python-tag", "onnx/python-op", "tensorflow/unsafe-op",
	}
}

unknown contains "the scanner names nothing that it read" if count(input.scans.modelfile.coverage.read) == 0
