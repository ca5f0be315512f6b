"""Power meters, one file for each kind."""

from hosts.core.modules import extended

__path__ = extended(__path__, "meters")
