"""Compiles heads for the Coral, where Google's edgetpu_compiler is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from hosts.core.errors import ArtifactError
from hosts.models.prepared.artifacts import ArtifactCache, Key
from hosts.models.prepared.manifest import Artifact, Manifest
from hosts.models.runtimes.litert.cut import cut_head

COMPILER = "edgetpu_compiler"
_PATIENCE_S = 900.0


def find_compiler() -> str:
    """The compiler's path.

    Raises:
        ArtifactError: it is not installed on this machine.
    """
    found = shutil.which(COMPILER)
    if found is None:
        raise ArtifactError(
            f"{COMPILER} is not on the PATH of this machine, the controller. Heads for the Coral "
            "are compiled here and pushed to the edge: install the Debian package "
            f"{COMPILER} (x86-64 Linux only, see coral.ai/docs/edgetpu/compiler), run the "
            "controller on such a machine, or search without: space.edge_accelerator=[off]"
        )
    return found


def compiled_head(
    manifest: Manifest, split_point: int, cache: ArtifactCache | None = None
) -> Artifact:
    """The head of a split point, compiled; from the cache where it holds it.

    Args:
        manifest: the prepared network, with int8 heads.
        split_point: after 0, where there is no head.
        cache: where compiled heads are kept; None: the default one.

    Raises:
        ArtifactError: no compiler here, or it refuses the head.
    """
    if manifest.graph != "keras":
        raise ArtifactError(
            f"{manifest.network} is a network of {manifest.graph.upper()}, and a Coral runs "
            "LiteRT's heads alone; search without: space.edge_accelerator=[off]"
        )
    places = {p.index: (p.artifact, p.tensor) for p in manifest.split_points}
    artifact, tensor = places.get(split_point, (None, None))
    if manifest.precision != "int8" or artifact is None or tensor is None:
        raise ArtifactError(
            f"{manifest.network} has no int8 head at split point {split_point}, and a Coral runs "
            f"no others; found {manifest.precision} heads; say model.precision=int8"
        )
    compiler = find_compiler()
    whole = manifest.artifacts[artifact]
    key: Key = {"head": whole.sha256, "tensor": tensor, "compiler": _version(compiler)}
    name = f"{manifest.network}-{split_point}"
    return (cache or ArtifactCache()).obtain(
        name,
        key,
        "_edgetpu.tflite",
        lambda path: _compile(compiler, cut_head(Path(whole.path), tensor), name, path),
    )


def _version(compiler: str) -> str:
    return _call([compiler, "--version"]).stdout.strip()


def _compile(compiler: str, head: bytes, name: str, path: Path) -> None:
    """Compile a head's content to a file; the compiler names its output after its input."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="compiling-") as folder:
        source = Path(folder) / "head.tflite"
        source.write_bytes(head)
        done = _call([compiler, "-o", folder, str(source)])
        made = source.with_name("head_edgetpu.tflite")
        if done.returncode or not made.is_file():
            said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            raise ArtifactError(
                f"{COMPILER} refused the head {name} (exit code {done.returncode}): "
                f"{' / '.join(said[-3:]) or 'it said nothing'}"
            )
        made.rename(path)


def _call(words: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ArtifactError(f"{' '.join(words)} took more than {_PATIENCE_S:.0f} s") from error
    except OSError as error:
        raise ArtifactError(f"{words[0]} cannot be started: {error.strerror}") from error
