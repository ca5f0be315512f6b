"""The online phase: requests, the policies that choose for them, and their figures."""
