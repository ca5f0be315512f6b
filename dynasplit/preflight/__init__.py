"""Preflight: what is wrong with two hosts, said before anything is measured on them."""
