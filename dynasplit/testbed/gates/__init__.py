"""Gates: what a measured window must pass to be believed, one file each."""

from hosts.core.modules import extended

__path__ = extended(__path__, "gates")
