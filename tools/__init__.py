"""What the Makefile runs on the source itself: sizes, and the graph of the rooms."""
