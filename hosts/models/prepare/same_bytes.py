"""Keras files whose bytes follow from the network alone.

Keras writes when a file was made, and numbers shared objects by their place in memory. A run's
identity depends on its network's files, so the same network made anew must give the same file.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can name
_LARGE_BYTES = 1 << 31
_SHARED, _DATE = "shared_object_id", "date_saved"


def with_same_bytes(path: Path) -> None:
    """Rewrite a Keras file without times, its shared objects numbered as they come."""
    draft = path.with_name(f"{path.name}.draft")
    try:
        with zipfile.ZipFile(path) as found, zipfile.ZipFile(draft, "w") as made:
            for member in found.infolist():
                _copy(found, member, made)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _copy(found: zipfile.ZipFile, member: zipfile.ZipInfo, made: zipfile.ZipFile) -> None:
    told = zipfile.ZipInfo(member.filename, _FIRST_DAY)
    told.compress_type, told.external_attr = member.compress_type, member.external_attr
    is_large = member.file_size >= _LARGE_BYTES
    with found.open(member) as source, made.open(told, "w", force_zip64=is_large) as sink:
        if member.filename.endswith(".json"):
            sink.write(json.dumps(_settled(json.load(source), {})).encode())
        else:
            shutil.copyfileobj(source, sink, 1 << 20)


def _settled(value: Any, numbers: dict[int, int]) -> Any:
    """The same content without what differs from one writing to the next."""
    if isinstance(value, list):
        return [_settled(one, numbers) for one in value]
    if not isinstance(value, dict):
        return value
    settled: dict[str, Any] = {}
    for key, one in value.items():
        if key == _SHARED and isinstance(one, int):
            settled[key] = numbers.setdefault(one, len(numbers) + 1)
        elif key == _DATE:
            settled[key] = "1980-01-01@00:00:00"
        else:
            settled[key] = _settled(one, numbers)
    return settled
