"""Whether a run's folder is complete, consistent and untouched."""

from dynasplit.verification.checks import verified
from dynasplit.verification.findings import MEANINGS, Finding

__all__ = ["MEANINGS", "Finding", "verified"]
