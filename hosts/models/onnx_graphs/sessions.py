"""Sessions of ONNX Runtime: how parts of a graph are opened here and on hosts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.models.onnx_graphs.files import import_onnx

if TYPE_CHECKING:
    import onnx

CPU, GPU = "CPUExecutionProvider", "CUDAExecutionProvider"
_SAID = 300  # characters of the library's own message
_ERRORS_ONLY = 3


@dataclass(frozen=True)
class How:
    """How a part is computed.

    Attributes:
        threads: None: one for each CPU that this program may use.
        packs: weights are laid out anew for this CPU, each part its own copy; else all parts that
            are open share what is mapped from the file.
        gpu: the GPU's number; None: the CPU. tf32: whether it may round products' factors.
    """

    threads: int | None = None
    packs: bool = True
    gpu: int | None = None
    tf32: bool = True


_PLAIN = How()


def opened(part: onnx.ModelProto, folder: Path, how: How = _PLAIN) -> Any:
    """An inference session of a part of a graph.

    Args:
        part: the graph, whose weights are in a file in `folder`.
        folder: where they are.
        how: it is computed.

    Raises:
        ModelError: ONNX Runtime refuses it, or the GPU cannot be had.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = how.threads or len(_cpus())
    # a thread that spins between requests would draw power that no request has asked for
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    _share_memory()
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.add_session_config_entry("session.disable_prepacking", "0" if how.packs else "1")
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(folder)
    )
    cuda = (GPU, {"device_id": str(how.gpu), "use_tf32": "1" if how.tf32 else "0"})
    providers: list[Any] = [CPU] if how.gpu is None else [cuda, CPU]
    if how.gpu is not None and GPU not in onnxruntime.get_available_providers():
        raise ModelError(
            f"device GPU:{how.gpu} asked; this onnxruntime computes on CPUs: install "
            "onnxruntime-gpu in its place"
        )
    try:
        session = onnxruntime.InferenceSession(
            part.SerializeToString(), options, providers=providers
        )
    except Exception as error:  # of several kinds, none of them this project's
        raise ModelError(f"ONNX Runtime refuses the graph: {short(error)}") from error
    if how.gpu is not None and session.get_providers()[0] != GPU:
        raise ModelError(
            f"device GPU:{how.gpu} asked; ONNX Runtime cannot use it (are CUDA and cuDNN there?)"
        )
    return session


def values(
    part: onnx.ModelProto,
    folder: Path,
    feed: Mapping[str, npt.NDArray[Any]],
    names: Sequence[str],
) -> dict[str, npt.NDArray[Any]]:
    """The values of any tensors of a graph, computed once.

    Raises:
        ModelError: ONNX Runtime refuses the graph, or these inputs.
    """
    onnx = import_onnx()
    seen = onnx.ModelProto()
    seen.CopyFrom(part)
    there = {one.name for one in seen.graph.output}
    wanted = [name for name in dict.fromkeys(names) if name not in feed]
    seen.graph.output.extend(onnx.ValueInfoProto(name=n) for n in wanted if n not in there)
    session = opened(seen, folder)
    try:
        found = dict(zip(wanted, session.run(wanted, dict(feed)), strict=True)) if wanted else {}
    except Exception as error:  # as above
        raise ModelError(f"ONNX Runtime cannot compute the graph: {short(error)}") from error
    return {**found, **{name: feed[name] for name in names if name in feed}}


def short(error: BaseException) -> str:
    """One line of the library's message."""
    return " ".join(str(error).split())[:_SAID]


def _cpus() -> Sequence[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return range(os.cpu_count() or 1)


@cache
def _share_memory() -> None:
    """One pool of memory for what all sessions of this program compute, not one for each."""
    import onnxruntime

    kind, use = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    info = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, use)
    onnxruntime.create_and_register_allocator(info, None)


def gpu_count() -> int:
    """How many GPUs a graph of one operator can be opened on."""
    onnx = import_onnx()
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in ("x", "y")
    ]
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "one", ends[:1], ends[1:])
    opsets = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8)
    count = 0
    while True:
        try:
            opened(model, Path(), How(gpu=count))
        except ModelError:
            return count
        count += 1
