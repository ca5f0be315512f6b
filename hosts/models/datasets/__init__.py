"""Data sets, one file for each."""

from hosts.core.modules import extended

__path__ = extended(__path__, "datasets")
