"""The report of a run: summary, tables, figures, and its record in MLflow."""
