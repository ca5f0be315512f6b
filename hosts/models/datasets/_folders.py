"""Image files in a folder, and their classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hosts.core.errors import ModelError
from hosts.models.datasets.base import Source

SUFFIXES = (".jpeg", ".jpg", ".png", ".bmp", ".webp")
UNLABELLED = "none"

Labelled = tuple[Path, int | None]


def labelled_files(source: Source) -> list[Labelled]:
    """Every image file with its class, by name; None: no class is known.

    In class folders, a folder's class is its name where all names are numbers, else its place
    among all folders in alphabetical order, which is ImageNet's own. `labels` names a file of
    lines `folder class` instead; for images that lie flat, of lines `file class`, or with one
    class a line in the order of the files' names. `none` leaves them without classes.

    Raises:
        ModelError: no such folder, no images in it, or a class is missing or out of range.
    """
    folder = _folder(source)
    folders = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    inside = {one: _images(one) for one in folders}
    in_folders = any(inside.values())
    files = [path for one in folders for path in inside[one]] if in_folders else _images(folder)
    if not files:
        raise ModelError(f"data.path={folder} has no images ({', '.join(SUFFIXES)})")
    if source.labels == UNLABELLED:
        return [(path, None) for path in files]
    if in_folders:
        classes = _classes_of_folders(source, folders)
        return [(path, classes[path.parent.name]) for path in files]
    classes = _classes_of_files(source, files)
    return [(path, classes[path.name]) for path in files]


def _folder(source: Source) -> Path:
    if not source.path:
        raise ModelError(
            "data=imagenet_folder needs data.path=FOLDER: images in class folders, or flat with "
            "data.labels=FILE"
        )
    folder = Path(source.path)
    if not folder.is_dir():
        raise ModelError(f"data.path={source.path}: there is no such folder")
    return folder


def _images(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _classes_of_folders(source: Source, folders: list[Path]) -> Mapping[str, int]:
    names = [folder.name for folder in folders]
    if source.labels:
        return _told(source, names)
    if all(name.isdecimal() for name in names):
        classes = {name: int(name) for name in names}
        for name, found in classes.items():
            _check_range(found, source.classes, f"{source.path}, folder {name}")
        return classes
    if source.classes and len(names) != source.classes:
        raise ModelError(
            f"data.path={source.path} has {len(names)} class folders, the network has "
            f"{source.classes} classes; name the folders by their classes' numbers, or say "
            "data.labels=FILE with lines `folder class`"
        )
    return {name: place for place, name in enumerate(names)}


def _classes_of_files(source: Source, files: list[Path]) -> Mapping[str, int]:
    if not source.labels:
        raise ModelError(
            f"the images in data.path={source.path} lie flat: say data.labels=FILE with lines "
            f"`file class`, or data.labels={UNLABELLED} to measure fidelity alone"
        )
    return _told(source, [path.name for path in files])


def _told(source: Source, names: list[str]) -> Mapping[str, int]:
    """The labels file's class of each name."""
    path = Path(source.labels)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ModelError(f"data.labels={source.labels} cannot be read: {why}") from error
    words = [(number, line.split()) for number, line in enumerate(lines, 1) if line.strip()]
    has_one = all(len(found) == 1 for _, found in words)
    if has_one:
        if len(words) != len(names):
            raise ModelError(f"{path} has {len(words)} classes for {len(names)} images")
        words = [
            (number, [name, *found]) for name, (number, found) in zip(names, words, strict=True)
        ]
    classes: dict[str, int] = {}
    for number, found in words:
        if len(found) != 2 or not found[1].lstrip("-").isdecimal():
            line = " ".join(found[-1:] if has_one else found)
            raise ModelError(f"{path}, line {number}: {line!r}; allowed: `name class`, or `class`")
        if classes.get(found[0], int(found[1])) != int(found[1]):
            raise ModelError(f"{path}, line {number}: {found[0]} has two classes")
        _check_range(int(found[1]), source.classes, f"{path}, line {number}")
        classes[found[0]] = int(found[1])
    missing = [name for name in names if name not in classes]
    if missing:
        raise ModelError(f"{path} has no class for {missing[0]} ({len(missing)} in all)")
    return classes


def _check_range(found: int, classes: int, where: str) -> None:
    if found < 0 or (classes and found >= classes):
        allowed = f"0..{classes - 1}" if classes else "0 or more"
        raise ModelError(f"{where}: class {found}; allowed: {allowed}")
