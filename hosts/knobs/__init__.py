"""Knobs: settings of hosts, link and software that a search may choose, one file each.

A knob's file says all that others ask: name, unit, where it acts, its values from slow to fast,
when it idles, and for knobs of hosts how it is set, read back and restored.
"""

from hosts.core.modules import extended

__path__ = extended(__path__, "knobs")
