"""How long a run may take follows from what was asked."""

from hosts.wire.window_rules import WindowRules


def test_a_deadline_grows_with_what_is_asked_and_has_an_end():
    few, many = WindowRules(min_inferences=10), WindowRules(min_inferences=40)
    assert 600 < few.longest_s() < many.longest_s() < 1800
    assert WindowRules(min_window_s=3600).longest_s() > 7200
    assert few.longest_s(batch_size=8) > few.longest_s()
    narrow = WindowRules(relative_ci=0.01, max_window_s=600)
    assert few.longest_s() + 1200 == narrow.longest_s()
    assert WindowRules(relative_ci=0.01, max_inferences=10**9).longest_s() == 4 * 3600
