"""Whether this program holds a GPU open, by the files that it has open."""

import pytest

from hosts.machine.held_gpu import holds_gpu


@pytest.mark.parametrize(
    ("opened", "holds"),
    [
        (["/dev/null", "/dev/nvidiactl", "/dev/nvidia0"], False),  # as a meter does
        (["/dev/null", "/dev/nvidiactl", "/dev/nvidia0", "/dev/nvidia-uvm"], True),
        ([], False),
    ],
)
def test_a_context_keeps_the_driver_s_memory_device_open(tmp_path, opened, holds):
    folder = tmp_path / "proc/self/fd"
    folder.mkdir(parents=True)
    for number, target in enumerate(opened):
        (folder / str(number)).symlink_to(target)
    assert holds_gpu(tmp_path) == holds


def test_a_machine_without_such_a_folder_holds_none(tmp_path):
    assert not holds_gpu(tmp_path)
