"""The GPU that computes tails, through NVIDIA's management library (nvidia-ml-py)."""

from __future__ import annotations

import os
from typing import Any

from hosts.core.errors import KnobError

_REQUIREMENTS = "hosts/requirements-nvml.txt"


class Gpu:
    """The first GPU that programs of this host see.

    That is the first one of `CUDA_VISIBLE_DEVICES`, where it names any, else number 0. CUDA counts
    as NVML does where all GPUs are alike, or where `CUDA_DEVICE_ORDER=PCI_BUS_ID`.

    Attributes:
        nvml: the bindings, for their constants.
    """

    def __init__(self) -> None:
        """Open the library.

        Raises:
            KnobError: the bindings or the driver are missing, or there is no such GPU.
        """
        try:
            import pynvml
        except ImportError as error:
            raise KnobError(
                f"nvidia-ml-py is missing: install {_REQUIREMENTS} into this host's Python"
            ) from error
        self.nvml: Any = pynvml
        self.ask("Init", of_gpu=False)
        named = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
        if named and not named.isdigit():
            self._handle = self.ask("DeviceGetHandleByUUID", named, of_gpu=False)
        else:
            self._handle = self.ask("DeviceGetHandleByIndex", int(named or 0), of_gpu=False)

    def ask(self, name: str, *arguments: Any, of_gpu: bool = True) -> Any:
        """Call a function of the library, on this GPU.

        Raises:
            KnobError: what it says; who may do it, where this user may not.
        """
        given = (self._handle, *arguments) if of_gpu else arguments
        try:
            return getattr(self.nvml, f"nvml{name}")(*given)
        except self.nvml.NVMLError_NoPermission as error:
            raise KnobError(
                f"NVML: {name}: {error}; only root may set a GPU: let the host's login be root, "
                "or leave the knob out of hosts.cloud.knobs"
            ) from error
        except self.nvml.NVMLError as error:
            raise KnobError(f"NVML: {name}: {error}") from error

    def check_rights(self) -> None:
        """Set the power limit to what it is.

        Raises:
            KnobError: this user may not.
        """
        self.ask("DeviceSetPowerManagementLimit", self.ask("DeviceGetPowerManagementLimit"))
