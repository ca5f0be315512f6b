"""What everything on the hosts builds on: errors, and how a folder's modules are found by name."""
