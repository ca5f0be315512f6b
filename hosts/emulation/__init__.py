"""Emulated boards: below the SSH line, labelled, in virtual time."""
