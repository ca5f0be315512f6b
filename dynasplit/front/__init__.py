"""The Pareto front, which the offline phase hands to the online phase."""
