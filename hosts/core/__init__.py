"""The base of all programs on the hosts: errors, and look-up of a folder's modules."""
