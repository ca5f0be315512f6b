from tests.dynasplit.watched import make_testbed, profile, space, testbed

__all__ = ["make_testbed", "profile", "space", "testbed"]
