"""Two hosts that are ordered to set knobs and to infer, in board time where there is any."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dynasplit.core.errors import ConfigurationError, LinkLost
from dynasplit.core.measurement import Source
from dynasplit.core.space import Configuration, KnobValue
from dynasplit.testbed import host_facts
from dynasplit.testbed.around import Samples
from dynasplit.testbed.lab import Host
from dynasplit.testbed.reported import check_figures, check_report, check_samples
from hosts.conditions.base import conditions_of_run
from hosts.wire import messages


@dataclass
class HostPair:
    """An edge host and a cloud host, on which a network is loaded.

    Attributes:
        edge: the edge host. cloud: the cloud host.
        network: the network's name.
    """

    edge: Host
    cloud: Host
    network: str
    _board_ns: int | None = field(default=None, init=False)
    _cloud_state: str = field(default="", init=False)
    _cloud_knobs: dict[str, KnobValue] = field(default_factory=dict, init=False)

    @property
    def source(self) -> Source:
        """Emulated if either host's board is."""
        return host_facts.source_of(self._hosts)

    @property
    def facts(self) -> dict[str, host_facts.Facts]:
        """Facts that each host states about itself and its meters."""
        return host_facts.facts_of(self._hosts)

    @property
    def _hosts(self) -> tuple[Host, Host]:
        return self.edge, self.cloud

    def check_offered(self, values: dict[str, Iterable[KnobValue]]) -> None:
        """Refuse knob values of a space that the hosts do not offer, before any run.

        Raises:
            ConfigurationError: a knob or value is not offered.
        """
        offered: dict[str, tuple[KnobValue, ...]] = {}
        for host in self._hosts:
            answer = self._set(host, {})
            offered |= answer.allowed
        for name, wanted in values.items():
            if name not in offered:
                raise ConfigurationError(
                    f"knob {name} is in the space; the hosts have: {', '.join(offered) or 'none'}"
                )
            strange = [v for v in wanted if v not in offered[name]]
            if strange:
                raise ConfigurationError(
                    f"{name}: {strange} asked for; the hosts offer {list(offered[name])}"
                )

    def _order(self, configuration: Configuration, name: str, **more: Any) -> messages.RunOrder:
        """The edge's order for a run, which `name` names, with what is `more` to be said of it."""
        return messages.RunOrder(
            run=name,
            network=self.network,
            split_point=configuration.split_point,
            edge_accelerator=configuration.edge_accelerator,
            cloud_gpu=configuration.cloud_gpu,
            knobs={k: v for k, v in configuration.knobs if k in self.edge.address.knobs},
            codec=configuration.codec,
            batch_size=configuration.batch_size,
            board_ns=self._board_ns,
            **more,
        )

    def _set_cloud(self, configuration: Configuration) -> None:
        """Set the cloud's knobs, if they differ, and have the edge hold what it needs."""
        cloud = {k: v for k, v in configuration.knobs if k in self.cloud.address.knobs}
        if cloud != self._cloud_knobs:
            self._cloud_knobs = {}  # what is set is not known while one is being refused
            self._set(self.cloud, cloud)
            self._cloud_knobs = cloud
        self.edge.hold_compiled(configuration.split_point, configuration.edge_accelerator)

    def _ordered(self, order: messages.RunOrder) -> tuple[messages.RunReport, Samples]:
        within_s = order.window.longest_s(order.batch_size)
        try:
            report = self.edge.agent.report(order, within_s)
        except LinkLost:
            self.cloud.agent.check_lives()  # a link to who is no more does not come back
            raise
        self._carry(report)
        check_report(report, order)
        observed = self._cloud_conditions()
        report.conditions |= observed.values | conditions_of_run(report)
        check_figures("condition", report.conditions)
        return report, {"edge": report.samples, "cloud": observed.samples}

    def _cloud_conditions(self) -> messages.Conditions:
        """What the cloud observes, once it has checked that its knobs lasted through the window."""
        knobs, self._cloud_knobs = self._cloud_knobs, {}  # what did not last is set again
        order = messages.ConditionsOrder(knobs=knobs, board_ns=self._board_ns)
        observed = self.cloud.agent.call("Conditions", order, messages.Conditions, 60.0)
        self._cloud_knobs = knobs
        self._cloud_state = observed.noted.state
        check_samples(observed.samples)
        return observed

    def _since_s(self, started_s: float, started_ns: int | None) -> float:
        """Since a time by the controller's clock, or by board time where there is any."""
        if self._board_ns is not None:
            return (self._board_ns - (started_ns or 0)) / 1e9
        return time.monotonic() - started_s

    def _carry(self, message: messages.Message) -> None:
        """Board time goes on from the host that has come farthest."""
        if message.board_ns is not None:
            self._board_ns = max(message.board_ns, self._board_ns or 0)

    def _set(self, host: Host, knobs: dict[str, KnobValue]) -> messages.KnobsSet:
        order = messages.KnobsOrder(knobs=knobs, board_ns=self._board_ns)
        answer = host.agent.call("Knobs", order, messages.KnobsSet, 60.0)
        self._carry(answer)
        return answer
