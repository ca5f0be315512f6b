"""Runs a prepared network on the hosts: heads, tails, their files and the cache."""
