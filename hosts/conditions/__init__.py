"""Conditions: what is observed with each measurement and not chosen, one file each."""

from hosts.core.modules import extended

__path__ = extended(__path__, "conditions")
