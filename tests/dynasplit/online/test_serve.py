import dataclasses
import itertools
from types import SimpleNamespace

import pytest

from dynasplit.core.errors import ConfigurationError, HostUnreachable, ResultsError
from dynasplit.core.events import Answered, Finished, Started
from dynasplit.core.served_request import Attributed, Attribution
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online import policies
from dynasplit.online.metered import Metered
from dynasplit.online.requests import Requests
from dynasplit.online.serve import serve, serving_order
from dynasplit.online.workload import Request, requests_of
from dynasplit.online.workloads.reference import Reference
from dynasplit.run.journal import Journal
from dynasplit.testbed.modelled import ModelledTestbed
from dynasplit.testbed.retry import RetryPolicy
from hosts.emulation.profile import load_profile
from tests.dynasplit.watched import but_for_time


class Killed(BaseException):
    pass


def found_by(served):
    return dataclasses.replace(served, measurement=but_for_time(served.measurement))


@pytest.fixture
def front(space, testbed):
    runs = [testbed.measure(c) for c in space.configurations]
    testbed.spent.clear()
    testbed.calls = 0
    return ParetoFront.build(
        runs,
        model="vgg16",
        last_split_point=22,
        source="modelled",
        cloud_only=space.cloud_only,
        edge_only=space.edge_only,
    )


@pytest.fixture
def everyone(front):
    return [policies.build(name, front) for name in policies.names()]


@pytest.fixture
def requests():
    return requests_of(Reference(12, 1, 60.0, 5000.0), "vgg16")


def test_each_request_is_really_measured_with_every_policys_choice(requests, everyone, testbed):
    events = []
    served = serve(requests, everyone, testbed, Journal(), subscriber=events.append)
    assert [(s.request, s.policy) for s in served] == [
        (r.index, p.name) for r in requests for p in everyone
    ]
    assert testbed.calls == len(served) == 60
    for one, (request, policy) in zip(served, itertools.product(requests, everyone), strict=True):
        assert one.measurement.configuration == policy.choose(request.threshold_ms).configuration
        assert one.threshold_ms == request.threshold_ms
        below = request.threshold_ms < policy.feasible_above_ms
        assert one.infeasible == (below and not one.met)
    assert any(s.infeasible for s in served)
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert [e.done for e in events if isinstance(e, Answered)] == list(range(1, 61))


def test_two_policies_with_the_same_choice_are_measured_by_themselves(everyone, testbed):
    served = serve([Request(0, "vgg16", 1e9)], everyone, testbed, Journal())
    least = [s.measurement for s in served if s.policy in ("dynasplit", "least_energy")]
    assert least[0].configuration == least[1].configuration
    assert least[0].latency_ms != least[1].latency_ms


def test_order_is_request_by_request_with_few_reconfigurations(requests, everyone):
    turns = list(serving_order(requests, everyone))
    assert [r for r, _ in itertools.groupby(t[0].index for t in turns)] == list(range(12))

    def changes(choices):
        return sum(a != b for a, b in itertools.pairwise(choices))

    naive = [
        p.choose(r.threshold_ms).configuration for r, p in itertools.product(requests, everyone)
    ]
    assert changes(t[2] for t in turns) <= changes(naive) - len(requests) // 2
    firsts = {turns[5 * i][1].name for i in range(12)}
    assert len(firsts) > 1


@pytest.mark.parametrize("kill", [0, 1, 7, 59])
def test_interrupted_serving_goes_on(requests, everyone, make_testbed, tmp_path, kill):
    def before(call, _configuration):
        if call == kill:
            raise Killed

    whole = serve(requests, everyone, make_testbed(), Journal())
    with Journal(tmp_path / "j") as journal, pytest.raises(Killed):
        serve(requests, everyone, make_testbed(before=before), journal)
    second = make_testbed()
    with Journal(tmp_path / "j") as journal:
        resumed = serve(requests, everyone, second, journal)
    assert [found_by(s) for s in resumed] == [found_by(s) for s in whole]
    times_s = [[s.measurement.testbed_time_s for s in served] for served in (resumed, whole)]
    assert sum(a != b for a, b in zip(*times_s, strict=True)) <= 1  # the first after the start
    assert second.calls == 60 - kill


@pytest.mark.parametrize("kill", [0, 1, 7, 59])
def test_requests_after_a_start_in_between_switch_as_without_it(requests, everyone, kill):
    """A testbed that was set up anew knows nothing of what it served before."""
    profile = load_profile("pi4_coral_v100")

    def testbed(until: int = 10**9) -> Requests:
        boards, windows = (ModelledTestbed(profile, "vgg16") for _ in range(2))
        served = itertools.count()

        def infer(*args, **more):
            if next(served) == until:
                raise Killed
            return boards.infer(*args, **more)

        return Requests(SimpleNamespace(infer=infer), Metered({}, windows.measure))

    whole = serve(requests, everyone, testbed(), Journal())
    journal = Journal()
    with pytest.raises(Killed):
        serve(requests, everyone, testbed(kill), journal)
    resumed = serve(requests, everyone, testbed(), journal)
    assert {s.measurement.switch_ms > 0 for s in whole} == {True, False}
    assert resumed == whole


class Metering(SimpleNamespace):
    """Serves as a profile says, and tells whose joules are of three requests at a time."""

    def __init__(self, until: int = 10**9) -> None:
        super().__init__(boards=ModelledTestbed(load_profile("pi4_coral_v100"), "vgg16"))
        self.seen, self.until, self.waiting = 0, until, []

    def infer(self, configuration, *, request, stream, payload):
        self.seen += 1
        if self.seen > self.until:
            raise Killed
        self.waiting.append((request, stream))
        return self.boards.infer(configuration, request=request, stream=stream)

    def attribute(self, figures_of, tell, *, at_end):
        if len(self.waiting) < 3 and not at_end:
            return []
        told, self.waiting = self.waiting, []
        return [Attribution(r, who, Attributed(edge_attributed_j=1.0 + r)) for r, who in told]


def test_shares_that_come_later_belong_to_the_requests_of_this_start(requests, everyone):
    windows = ModelledTestbed(load_profile("pi4_coral_v100"), "vgg16")

    def testbed(until: int = 10**9) -> Requests:
        return Requests(Metering(until), Metered({}, windows.measure))

    journal = Journal()
    with pytest.raises(Killed):
        serve(requests, everyone, testbed(until=8), journal)
    before = {(s.request, s.policy) for s in journal.served() if s.attributed is None}
    assert len(before) == 2  # the third would have told
    served = serve(requests, everyone, testbed(), journal)
    assert {(s.request, s.policy) for s in served if s.attributed is None} == before
    told = [s for s in served if s.attributed is not None]
    assert [s.attributed.edge_attributed_j for s in told] == [1.0 + s.request for s in told]


@pytest.mark.fault(
    group="search",
    fault="an outage while requests are served",
    seen="the run ends with the error",
    kept="requests that were served; the same command serves the others",
)
def test_transient_errors_are_tried_again_and_lasting_ones_end_it(requests, everyone, make_testbed):
    def before(call, _configuration):
        if call in (4, 5) or call > 20:
            raise HostUnreachable("no answer")

    journal = Journal()
    with pytest.raises(HostUnreachable):
        serve(requests, everyone, make_testbed(before=before), journal, retry=RetryPolicy(wait_s=0))
    assert len(journal.served()) == 19
    whole = serve(requests, everyone, make_testbed(), Journal())
    resumed = serve(requests, everyone, make_testbed(), journal)
    assert [found_by(s) for s in resumed] == [found_by(s) for s in whole]


def test_another_workload_in_the_journal_is_refused(requests, everyone, testbed):
    journal = Journal()
    serve(requests, everyone, testbed, journal)
    other = requests_of(Reference(12, 2, 60.0, 5000.0), "vgg16")
    with pytest.raises(ResultsError, match="Start anew"):
        serve(other, everyone, testbed, journal)


def test_duplicate_requests_are_refused(requests, everyone, testbed):
    with pytest.raises(ConfigurationError, match="index 3"):
        serve([*requests, requests[3]], everyone, testbed, Journal())
