"""Shared by Optuna's genetic samplers: generations rebuilt from seed and history."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from optuna.samplers import NSGAIIISampler, NSGAIISampler
from optuna.study import Study

Genetic = TypeVar("Genetic", NSGAIISampler, NSGAIIISampler)


def prepared(make: Callable[[], Genetic], population_size: int, study: Study) -> Genetic:
    """A fresh sampler whose parents are already chosen and kept in the study.

    Optuna chooses the parents during the first ask of a generation, with the same random numbers
    as their children, and keeps them in another order than that ask saw. Choosing them before,
    with a sampler of their own, makes every ask draw the same whether or not it is the first.
    """
    chooser = make()
    generation = 0
    while len(chooser.get_population(study, generation)) >= population_size:
        generation += 1
    chooser.get_parent_population(study, generation)
    return make()
