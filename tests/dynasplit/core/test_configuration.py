"""Configurations as they key noise, and as people read them."""

from dynasplit.core.space import Configuration

PUBLISHED = Configuration.of(5, cpu_mhz=1800, edge_accelerator="max", cloud_gpu=False)


def test_what_keys_noise_and_names_files_stays_as_it_is():
    assert str(PUBLISHED) == "split_point=5 cpu_mhz=1800 edge_accelerator=max cloud_gpu=False"


def test_people_read_it_in_words():
    assert PUBLISHED.words() == "split 5 · 1800 MHz · TPU max · no GPU"
    assert Configuration.of(0, cloud_gpu=True).words() == "split 0 · GPU"


def test_what_goes_without_saying_is_not_said():
    plain = Configuration.of(3, codec="none", batch_size=1)
    assert plain.words() == "split 3"
    assert Configuration.of(3, codec="int8+zstd", batch_size=4).words() == (
        "split 3 · codec int8+zstd · batch 4"
    )


def test_a_knob_of_another_testbed_is_worded_by_its_name():
    found = Configuration.of(3, fan_level=2, cloud_nic=False, governor="save")
    assert found.words() == "split 3 · fan_level 2 · cloud_nic False · governor save"
