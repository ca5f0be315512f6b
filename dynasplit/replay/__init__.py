"""The online phase on recorded runs, vectorised over requests."""
