"""Each fault at three magnitudes, from small to great."""

CASES: dict[str, list[dict]] = {
    "ignored_frequency": [{}],
    "lagging_frequency": [{"late_s": s} for s in (0.5, 2.0, 20.0)],
    "lying_frequency": [{"mhz": f} for f in (1600, 1200, 600)],
    "reverting_frequency": [{"back_s": s} for s in (0.5, 2.0, 20.0)],
    "throttling": [{"mhz": f, "load_s": 5.0} for f in (1600, 1200, 600)],
    "averaging_meter": [{"mean_s": s} for s in (0.5, 2.0, 10.0)],
    "backward_meter": [{"fall_j": j, "every_s": 2.0} for j in (0.2, 2.0, 100.0)],
    "frozen_meter": [{"for_s": 0.5}, {"for_s": 5.0}, {}],
    "lagging_meter": [{"lag_s": s} for s in (0.25, 0.5, 2.0, 10.0)],
    "negative_meter": [{"share": s} for s in (0.02, 0.2, 1.0)],
    "repeating_meter": [{"times": n} for n in (2, 5, 20)],
    "shared_meter": [{}],
    "silent_meter": [{"gap_s": s, "every_s": 12.0} for s in (0.2, 1.0, 10.0)],
    "swapped_meter": [{}],
    "loaded_baseline": [{"load_w": w, "from_start": True} for w in (1.0, 10.0, 100.0)],
    "other_load": [{"share": s, "load_w": w} for s, w in ((0.03, 0.1), (0.1, 0.3), (0.4, 2.0))],
    "slow_link": [{"rate_share": s} for s in (0.9, 0.5, 0.1)],
    "transfer_outliers": [{"share": s, "times": 10} for s in (0.05, 0.3, 0.9)],
    "fast_clock": [{"ppm": p} for p in (100, 10000, 500000)],
    "jumping_clock": [{"jump_s": s} for s in (0.02, 0.5, 60)],
    "doubling_timer": [{"step_ms": s, "every": 1} for s in (5.0, 50.0, 500.0)]
    + [{"step_ms": 50.0, "every": 10}],
    "dead_meter": [{"for_s": 0.5}, {}],
}
