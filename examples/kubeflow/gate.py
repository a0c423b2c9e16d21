# SPDX-License-Identifier: Apache-2.0
"""A Kubeflow pipeline whose deployment stands behind the gate.

    pip install kfp==2.17.3 kfp-kubernetes==2.17.3
    python gate.py pipeline.yaml

The component is modelvet's own image, which has no shell. It fails unless the
model is allowed (exit code 3: denied, 4: pending), so that what follows does
not run; what follows gets the digest that was judged, not a tag.
"""
import sys

from kfp import compiler, dsl
from kfp import kubernetes

IMAGE = "registry.example/modelvet@sha256:" + 64 * "0"  # yours, by its digest


@dsl.container_component
def gate(model: dsl.Input[dsl.Model], stage: str, result: dsl.Output[dsl.Artifact], outcome: dsl.OutputPath(str), digest: dsl.OutputPath(str)):
    """Packs, measures, signs and judges the folder that `model` is."""
    return dsl.ContainerSpec(
        image=IMAGE,
        command=["/usr/local/bin/modelvet"],
        args=["gate", model.path, "--stage", stage, "--policy", "/policy/policy.yaml", "--key", "/key/key", "--out", result.path,
              "--result", dsl.ConcatPlaceholder(["outcome=", outcome]), "--result", dsl.ConcatPlaceholder(["digest=", digest])],
    )


@dsl.container_component
def push(result: dsl.Input[dsl.Artifact], reference: str):
    """Pushes the artifact with its signed evidence."""
    return dsl.ContainerSpec(image=IMAGE, command=["/usr/local/bin/modelvet"], args=["push", result.path, reference])


@dsl.container_component
def deploy(reference: str, digest: str):
    """Yours. It must take the model by this digest."""
    return dsl.ContainerSpec(image="registry.example/deploy@sha256:" + 64 * "0", command=["deploy"], args=[reference, digest])


@dsl.pipeline(name="modelvet-release", description="A deployment behind the gate")
def release(uri: str, reference: str, stage: str = "production"):
    model = dsl.importer(artifact_uri=uri, artifact_class=dsl.Model, reimport=True)
    vetted = gate(model=model.output, stage=stage)
    vetted.set_caching_options(False)  # a decision ends; a cached one would not
    kubernetes.use_secret_as_volume(vetted, secret_name="modelvet-policy", mount_path="/policy")
    kubernetes.use_secret_as_volume(vetted, secret_name="modelvet-signing-key", mount_path="/key")
    pushed = push(result=vetted.outputs["result"], reference=reference).set_caching_options(False)
    kubernetes.use_secret_as_volume(pushed, secret_name="modelvet-registry", mount_path="/home/nonroot/.docker")
    deploy(reference=reference, digest=vetted.outputs["digest"]).set_caching_options(False).after(pushed)


if __name__ == "__main__":
    compiler.Compiler().compile(release, sys.argv[1])
