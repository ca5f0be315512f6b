"""Testbeds: hosts over SSH, recorded runs, and the profile."""
