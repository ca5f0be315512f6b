"""NVIDIA GPUs, through NVML (nvidia-ml-py): each GPU's own energy counter, else its power.

The counter moves every 100 ms (measured on an H200), so its energy is read on its own steps. GPUs
without one tell their power: of now where the driver has that field, else its mean over a second.
NVIDIA states 5 %. What a GPU's sensor does not see, and A100 and H100 sample a quarter of the time
alone, is in none of these figures.
"""

from __future__ import annotations

from typing import Any, Literal

from hosts.core.errors import MeterError, one_line
from hosts.meters.base import PolledMeter
from hosts.wire.readings import Channel

_STEPS_S = 0.1
_AVERAGE_S = 1.0
_ALL = "all"
_REQUIREMENTS = "hosts/requirements-nvml.txt"

_Way = Literal["energy", "instant", "average"]


class Nvml(PolledMeter):
    """A channel a GPU. It opens no CUDA context, and so changes nothing of what a GPU draws."""

    error_pct = 5.0

    def __init__(self, index: int | str, period_s: float) -> None:
        self._nvml = opened()
        self.period_s = period_s
        try:
            count = int(self._nvml.nvmlDeviceGetCount())
            chosen = range(count) if index == _ALL else [index]
            if not count or any(isinstance(i, str) or not 0 <= i < count for i in chosen):
                raise MeterError(
                    f"GPU index={index} asked; there are {count}; allowed: {_ALL}, or a number "
                    f"from 0 to {count - 1}"
                    if count
                    else "NVML finds no GPU on this host"
                )
            handles = [self._nvml.nvmlDeviceGetHandleByIndex(i) for i in chosen]
            self._gpus = [(handle, self._way(handle)) for handle in handles]
            told = [
                f"{self._nvml.nvmlDeviceGetName(h)} {self._nvml.nvmlDeviceGetUUID(h)}"
                for h in handles
            ]
        except self._nvml.NVMLError as error:
            raise MeterError(f"NVML does not tell what GPUs there are: {error}") from error
        self.identity = f"NVML: {', '.join(told)}"
        self.channels = tuple(
            Channel(
                domain="gpu",
                quantity="energy" if way == "energy" else "power",
                part="" if count == 1 else str(i),
            )
            for i, (_, way) in zip(chosen, self._gpus, strict=True)
        )
        ways = {way for _, way in self._gpus}
        self.updates_s = _STEPS_S if ways == {"energy"} else None
        self.averaging_s = _AVERAGE_S if "average" in ways else 0.0

    def read(self) -> list[float | None]:
        """Each GPU's counter in J, or its power in W."""
        try:
            return [self._read(handle, way) for handle, way in self._gpus]
        except self._nvml.NVMLError as error:
            raise MeterError(f"{self.identity} was asked and did not answer: {error}") from error

    def _way(self, handle: Any) -> _Way:
        """How this GPU tells its energy or power."""
        try:
            self._nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
        except self._nvml.NVMLError_NotSupported:
            return "average" if self._instant_w(handle) is None else "instant"
        return "energy"

    def _read(self, handle: Any, way: _Way) -> float | None:
        if way == "energy":
            return float(self._nvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1000
        if way == "instant":
            return self._instant_w(handle)
        return float(self._nvml.nvmlDeviceGetPowerUsage(handle)) / 1000

    def _instant_w(self, handle: Any) -> float | None:
        """The power of now; None: it is not told."""
        try:
            (field,) = self._nvml.nvmlDeviceGetFieldValues(
                handle, [self._nvml.NVML_FI_DEV_POWER_INSTANT]
            )
        except (self._nvml.NVMLError_NotSupported, self._nvml.NVMLError_FunctionNotFound):
            return None
        if field.nvmlReturn != self._nvml.NVML_SUCCESS:
            return None
        return float(field.value.uiVal) / 1000


def opened() -> Any:
    """The bindings, with the driver's library open."""
    try:
        import pynvml
    except ImportError as error:
        raise MeterError(
            f"nvidia-ml-py is missing: install {_REQUIREMENTS} into this host's Python"
        ) from error
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise MeterError(
            f"NVML cannot be opened: {one_line(error)}; is the driver there?"
        ) from error
    return pynvml


def build(index: int | str = _ALL, period_s: float = 0.1) -> Nvml:
    """The GPU of that number, as `nvidia-smi` counts them; `all`: each is a channel."""
    return Nvml(index, period_s)
