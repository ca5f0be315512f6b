"""Outputs judged: highest classes, distance to the reference, and only while it is asked for."""

import numpy as np
import pytest

from hosts.agents.output_quality import OutputQuality, judge
from hosts.codecs import Tensor

OUTPUTS = np.array([0.1, 0.5, 0.05, 0.2, 0.15, 0.0], dtype=np.float32)


def test_the_five_highest_classes_and_the_mean_difference():
    top, mae = judge(OUTPUTS, OUTPUTS + np.float32(0.25))
    assert top == (1, 3, 4, 0, 2)
    assert mae == pytest.approx(0.25)


def test_without_a_reference_there_is_no_difference():
    assert judge(OUTPUTS)[1] is None
    assert judge(OUTPUTS, np.zeros(5, np.float32))[1] is None


def test_fewer_classes_than_five():
    assert judge(np.array([3.0, 1.0, 2.0]))[0] == (0, 2, 1)


def test_of_equal_outputs_the_first_is_the_class_as_in_argmax():
    assert judge(np.array([1.0, 2.0, 2.0, 0.0]))[0] == (1, 2, 0, 3)


def test_integers_become_real_values():
    found = Tensor(np.array([-128, 0, 127], dtype=np.int8), 0.5, -128).real
    np.testing.assert_allclose(found, [0.0, 64.0, 127.5])
    np.testing.assert_array_equal(Tensor(OUTPUTS).real, OUTPUTS)


def outputs_of(*classes: int):
    return np.eye(6, dtype=np.float32)[list(classes)]


def test_judging_begins_and_ends_when_it_is_asked_for():
    answers = OutputQuality(keep_all=False)
    answers.reference = outputs_of(0, 1, 2)
    answers.note(3, "none", [0], outputs_of(5))
    answers.begin(3, "none")
    answers.note(3, "none", [1, 0], outputs_of(1, 3))
    answers.note(3, "none", [0], outputs_of(4))
    answers.note(4, "none", [2], outputs_of(2))
    found = answers.end(3, "none")
    assert [(a.image, a.top[0]) for a in found] == [(0, 3), (1, 1)]
    assert [a.output_mae for a in found] == pytest.approx([2 / 6, 0.0])
    answers.begin(3, "none")
    assert answers.end(3, "none") == ()


def test_a_board_that_reuses_outputs_keeps_every_answer():
    answers = OutputQuality(keep_all=True)
    answers.note(3, "none", [0], outputs_of(5))
    answers.begin(3, "none")
    assert [a.top[0] for a in answers.end(3, "none")] == [5]
    assert answers.end(3, "float16") == ()
