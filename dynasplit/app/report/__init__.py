"""What a run leaves: summary, tables, figures, and its record in MLflow."""
