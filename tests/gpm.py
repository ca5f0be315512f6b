"""A wall meter that PyVISA simulates, with what it answers."""

from pathlib import Path

GPM_RESOURCE = "TCPIP::localhost::23::SOCKET"
_DEFINITION = """
spec: "1.1"
devices:
  gpm:
    eom:
      TCPIP SOCKET:
        q: "\\r\\n"
        r: "\\r\\n"
    error: ERROR
    dialogues:
      - q: "*IDN?"
        r: "{identity}"
      - q: ":NUMERIC:NORMAL:NUMBER 1"
      - q: ":NUMERIC:NORMAL:ITEM1 P"
      - q: ":NUMERIC:NORMAL:VALUE?"
        r: "{value}"
resources:
  TCPIP::localhost::23::SOCKET:
    device: gpm
"""


def simulated_gpm(
    folder: Path, value: str = "17.688E+00", identity: str = "GWInstek,GPM-8213,1,V1.05"
) -> Path:
    """Write the instrument's definition; the backend is its path and `@sim`."""
    path = folder / "gpm.yaml"
    path.write_text(_DEFINITION.format(value=value, identity=identity))
    return path
