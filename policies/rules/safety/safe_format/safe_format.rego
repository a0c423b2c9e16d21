# METADATA
# title: Weights are in a format that cannot run code
# description: |
#   Every weight file has a format that holds data only. Pickle and its relatives
#   (PyTorch, joblib, Keras Lambda layers) can run the publisher's code when they
#   are loaded. What a file really is, the scanner says, not its name.
# custom:
#   level: block
#   needs: [scan/modelfile]
#   controls: [euaia-art-15.5, airmf-measure-2.7, atlas-aml.m0011, atlas-aml.t0011.000]
#   remediation: Save the weights as safetensors, ONNX, GGUF or JSON.
package policies.rules.safety.safe_format

import future.keywords.not

deny contains sprintf("%s: %s", [file.path, "its format is not on the list of those that hold data only"]) if {
	some file in input.subject.files
	file.kind == "weight"
	not _holds_data_only(file.path)
}

deny contains sprintf("%s: it is a pickle, whatever its name says", [file.path]) if {
	some file in input.subject.files
	file.kind == "weight"
	file.path in _pickles
}

_pickles contains split(f.path, "!")[0] if {
	some f in input.scans.modelfile.findings
	startswith(f.id, "pickle/")
}

_holds_data_only(path) if {
	strings.any_suffix_match(lower(path), [".safetensors", ".onnx", ".gguf", ".json", ".ubj", ".tflite", ".txt", ".parquet", ".csv"])
}
