"""The physical model of a testbed: how long heads, transfers and tails take, and what they draw.

Source of the formulas and of the packaged figures: fits to the published runs of DynaSplit
(arXiv 2410.23881). A profile is one YAML file; what was assumed or made up says so in it.
Times in ms, power in W, f in GHz, tensors in KB of 1024 bytes.
"""

from __future__ import annotations

import math
from pathlib import Path

import msgspec

from hosts.core.errors import BoardError
from hosts.emulation.hardware import CloudBoard, CodecCost, EdgeBoard, Link, Noise, Strict
from hosts.emulation.tails import Tails
from hosts.emulation.timings import Law, Network, Split

PROFILES = Path(__file__).parent / "profiles"
_SUFFIXES = (".yaml", ".yml")


class Profile(Strict, frozen=True):
    """A testbed: an edge board, a cloud board, the link, and networks' timings on them.

    Attributes:
        codecs: costs by codec. knobs: values that the boards offer of further knobs, by name;
            they change neither times nor power.
        tails: by network, tails as measured on another cloud than the law's; there are none of
            other networks.
    """

    name: str
    source: str
    made_up: bool
    assumed: tuple[str, ...]
    edge: EdgeBoard
    cloud: CloudBoard
    link: Link
    noise: Noise
    networks: dict[str, Network]
    law: Law | None = None
    codecs: dict[str, CodecCost] = msgspec.field(default_factory=dict)
    knobs: dict[str, tuple[int | str | bool, ...]] = msgspec.field(default_factory=dict)
    tails: dict[str, Tails] = msgspec.field(default_factory=dict)

    def split(self, network: str, split_point: int) -> Split:
        """The row of a network's split point.

        Raises:
            BoardError: the profile has no such network or split point.
        """
        timings = self.networks.get(network)
        if timings is None:
            raise BoardError(
                f"profile {self.name} has no timings of network {network!r}; "
                f"it has: {', '.join(self.networks) or 'none'}"
            )
        for row in timings.splits:
            if row.split_point == split_point:
                return row
        raise BoardError(
            f"split point {split_point} asked of {network} in profile {self.name}; "
            f"allowed: 0..{timings.last_split_point}"
        )

    def edge_ms(self, network: str, split_point: int, cpu_mhz: float, mode: str) -> float:
        """Time of the head: a / f + b."""
        lines = self.split(network, split_point).edge
        if mode not in lines:
            raise BoardError(
                f"accelerator {mode!r} at split point {split_point} of {network}: profile "
                f"{self.name} has timings for {', '.join(lines)}"
            )
        a, b = lines[mode]
        return a / (cpu_mhz / 1000) + b

    def is_last(self, network: str, split_point: int) -> bool:
        """True if the whole network runs on the edge, and nothing is sent."""
        self.split(network, split_point)
        return split_point == self.networks[network].last_split_point

    def transfer_ms(self, network: str, split_point: int, share: float = 1.0) -> float:
        """Time on the link of `share` of a tensor; 0 at the last split point: nothing is sent."""
        if split_point == self.networks[network].last_split_point:
            return 0.0
        return self.link.transfer_ms(self.split(network, split_point).tensor_kb * share)

    def encode_ms(self, network: str, split_point: int, codec: str, cpu_mhz: float) -> float:
        """Time of the codec on the edge, proportional to the tensor and to 1/f."""
        kb = self.split(network, split_point).tensor_kb
        return sum(part.encode_ms_ghz_per_kb for part in self._parts(codec)) * kb / cpu_mhz * 1000

    def decode_ms(self, network: str, split_point: int, codec: str) -> float:
        """Time of the codec in the cloud, proportional to the tensor."""
        kb = self.split(network, split_point).tensor_kb
        return sum(part.decode_ms_per_kb for part in self._parts(codec)) * kb

    def sent_share(self, codec: str) -> float:
        """The assumed share of a tensor's bytes that a codec leaves."""
        return math.prod(part.sent_share for part in self._parts(codec))

    def _parts(self, codec: str) -> list[CodecCost]:
        """The costs of a codec's parts; `none` has none."""
        parts = [part for part in codec.split("+") if part != "none"]
        for part in parts:
            if part not in self.codecs:
                raise BoardError(
                    f"codec {codec!r} asked; profile {self.name} says what these cost: "
                    f"{', '.join(self.codecs) or 'none'}"
                )
        return [self.codecs[part] for part in parts]

    def cloud_ms(self, network: str, split_point: int, gpu: bool, batch_size: int = 1) -> float:
        """Time of the tail with so many images; 0 at the last split point, which has none.

        Images take their time one by one, unless batches were measured.
        """
        row = self.split(network, split_point)
        if split_point == self.networks[network].last_split_point:
            return 0.0
        tail_ms = row.cloud_gpu_ms if gpu else row.cloud_cpu_ms
        if tail_ms is None:
            raise BoardError(
                f"profile {self.name} has no tail of {network} at {split_point} on the cloud's "
                f"{'GPU' if gpu else 'CPU'}"
            )
        measured = self.tails.get(network) if gpu else None
        return tail_ms * (measured.factors(batch_size)[0] if measured else batch_size)

    def tail_w(self, network: str, split_point: int, gpu: bool, batch_size: int = 1) -> float:
        """What the cloud draws while the tail runs with so many images."""
        own_w = self.split(network, split_point).cloud_gpu_w if gpu else None
        if own_w is None:
            return self.cloud.power_w(True, gpu)
        measured = self.tails.get(network)
        longer, more = measured.factors(batch_size) if measured else (1.0, 1.0)
        return own_w * more / longer + (self.cloud.rest_w or 0.0)

    def latency_ms(self, network: str, k: int, cpu_mhz: float, mode: str, gpu: bool) -> float:
        """Head, transfer and tail, one after the other."""
        return (
            self.edge_ms(network, k, cpu_mhz, mode)
            + self.transfer_ms(network, k)
            + self.cloud_ms(network, k, gpu)
        )

    def edge_energy_j(self, network: str, k: int, cpu_mhz: float, mode: str, gpu: bool) -> float:
        """The edge's energy for one inference: computing, then waiting for the result."""
        active_ms = self.edge_ms(network, k, cpu_mhz, mode)
        waiting_ms = self.transfer_ms(network, k) + self.cloud_ms(network, k, gpu)
        return (
            self.edge.power_w(True, cpu_mhz, mode) * active_ms
            + self.edge.power_w(False, cpu_mhz, mode) * waiting_ms
        ) / 1000

    def cloud_energy_j(self, network: str, k: int, gpu: bool) -> float:
        """The cloud's energy for one inference, counted only while the tail runs."""
        return self.tail_w(network, k, gpu) * self.cloud_ms(network, k, gpu) / 1000


class OtherCloud(Strict, frozen=True):
    """A file that says a testbed by another one's: the same edge and link, and another cloud.

    Attributes:
        like: name or path of the other profile; its networks are kept as far as their tails
            were measured here.
    """

    like: str
    name: str
    source: str
    made_up: bool
    assumed: tuple[str, ...]
    cloud: CloudBoard
    tails: dict[str, Tails]

    def beside(self, base: Profile) -> Profile:
        """The whole profile, of the other one's."""
        networks = {
            name: msgspec.structs.replace(
                n, splits=tuple(self.tails[name].of(row) for row in n.splits)
            )
            for name, n in base.networks.items()
            if name in self.tails
        }
        law = base.law and msgspec.structs.replace(
            base.law, cloud_gpu_base_ms=None, cloud_cpu_base_ms=None
        )
        return msgspec.structs.replace(
            base,
            name=self.name,
            source=f"{self.source} Edge and link: {base.name}. {base.source}",
            made_up=self.made_up or base.made_up,
            assumed=(*self.assumed, *(f"{base.name}: {words}" for words in base.assumed)),
            cloud=self.cloud,
            networks=networks,
            law=law,
            tails=self.tails,
        )


def load_profile(name_or_path: str) -> Profile:
    """Read a packaged profile by name, or one's own by the path of its YAML file.

    Raises:
        BoardError: there is none, or the file does not say what a profile must say.
    """
    found = _read(name_or_path)
    if isinstance(found, Profile):
        return found
    base = _read(found.like)
    if not isinstance(base, Profile):
        raise BoardError(
            f"profile {name_or_path} is like {found.like}, which is like {base.like}; allowed: "
            "like one that stands by itself"
        )
    return found.beside(base)


def _read(name_or_path: str) -> Profile | OtherCloud:
    path = Path(name_or_path)
    if path.suffix not in _SUFFIXES:
        path = PROFILES / f"{name_or_path}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in PROFILES.glob("*.yaml")))
        raise BoardError(f"no profile {name_or_path!r}; packaged: {known}; or a path to a .yaml")
    try:
        content = path.read_bytes()
        plain = msgspec.yaml.decode(content)
        is_other = isinstance(plain, dict) and "like" in plain
        return msgspec.convert(plain, OtherCloud) if is_other else msgspec.convert(plain, Profile)
    except (msgspec.MsgspecError, OSError) as error:
        raise BoardError(f"profile {path}: {' '.join(str(error).split())}") from error


def own_files(name_or_path: str) -> list[Path]:
    """One's own files that a profile is read from; none of one that comes with the project.

    Raises:
        BoardError: as `load_profile` does.
    """
    found = _read(name_or_path)
    named = [name_or_path] if isinstance(found, Profile) else [name_or_path, found.like]
    return [Path(name) for name in named if Path(name).suffix in _SUFFIXES]


def save_profile(profile: Profile, path: Path) -> None:
    """Write a profile so that `load_profile` reads it back."""
    path.write_bytes(msgspec.yaml.encode(profile))
