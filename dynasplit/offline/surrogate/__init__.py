"""What a structured search believes of configurations that it has not measured."""
