"""A process of its own that computes tails with a runtime, of tensors in a file.

python -m tests.hosts.runtimes.computing RUNTIME MANIFEST TENSORS OUTPUTS [EAGER_BUT_EVERY]

TENSORS holds `tensor_K`, and where it is quantised `scale_K` and `zero_K`, of split points K.
OUTPUTS gets `outputs_K`, `first_ms_K` and `again_ms_K` (what compiling took in a first and a second
run; NaN: nothing), and `modules`, the frameworks that are loaded. With EAGER_BUT_EVERY=5 only each
fifth tail is compiled; the others run operation by operation, since compiling takes its time.
"""

import contextlib
import sys
from pathlib import Path

import msgspec
import numpy as np

from hosts.codecs.base import Tensor
from hosts.models import runtimes
from hosts.models.prepared.manifest import Manifest

FRAMEWORKS = ("tensorflow", "jax", "keras", "ai_edge_litert")


def main(name: str, manifest_path: str, tensors_path: str, outputs_path: str, every: int) -> None:
    manifest = msgspec.json.decode(Path(manifest_path).read_bytes(), type=Manifest)
    tails = runtimes.settled("cloud", name).open_tails(manifest, {}, tf32=False)
    made: dict[str, np.ndarray] = {}
    with np.load(tensors_path) as told:
        points = sorted(int(key.removeprefix("tensor_")) for key in told if key[:6] == "tensor")
        for k in points:
            scale, zero = (told[f"{n}_{k}"].item() if f"{n}_{k}" in told else None for n in PARTS)
            tensor = Tensor(told[f"tensor_{k}"], scale, zero)
            with contextlib.nullcontext() if k % every == 0 else eager(name):
                made[f"outputs_{k}"] = tails.run_batch(k, tensor, "CPU:0")
                made[f"first_ms_{k}"] = np.array(tails.compile_ms, dtype=float)
                if k % every == 0:
                    again = tails.run_batch(k, tensor, "CPU:0")
                    np.testing.assert_array_equal(again, made[f"outputs_{k}"])
                    made[f"again_ms_{k}"] = np.array(tails.compile_ms, dtype=float)
    assert tails.device == "CPU:0"
    np.savez(outputs_path, modules=[n for n in FRAMEWORKS if n in sys.modules], **made)


PARTS = ("scale", "zero")


def eager(name: str) -> contextlib.AbstractContextManager[None]:
    assert name == "jax"
    import jax

    return jax.disable_jit()


if __name__ == "__main__":
    main(*sys.argv[1:5], every=int((sys.argv[5:] or ["1"])[0]))
