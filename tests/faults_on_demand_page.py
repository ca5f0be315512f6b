"""The table of docs/faults-on-demand.md, made from what the faults say of themselves.

python -m tests.faults_on_demand_page
"""

from hosts.emulation.asked_faults import find, names
from hosts.emulation.faults.base import TIMES, Fault, Parameter
from tests.faults_page import ROOT

PAGE = ROOT / "docs" / "faults-on-demand.md"
BEGIN = "<!-- made by `python -m tests.faults_on_demand_page` -->\n"
END = "<!-- end of what is made -->\n"
PLACES = {
    "frequency": "Frequency",
    "meter": "Meters",
    "host": "Other programs on a host",
    "link": "The link",
    "clock": "Clocks",
    "timer": "The loader's timer",
    "program": "Ends of programs",
    "disk": "Disks",
}
"""The headings, in their order."""


def page(text: str) -> str:
    """The page with its tables made anew; what is around them stays."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{_tables()}\n{END}{after}"


def _tables() -> str:
    faults = [find(name) for name in names()]
    told = f"Every fault takes:\n\n{_list(TIMES)}"
    for place, heading in PLACES.items():
        rows = [_row(fault) for fault in faults if fault.place == place]
        if rows:
            told += (
                f"\n## {heading}\n\n| fault | meaning | hosts | parameters |\n|---|---|---|---|\n"
            )
            told += "".join(rows)
    return told


def _row(fault: type[Fault]) -> str:
    parameters = "<br>".join(_words(p) for p in fault.parameters)
    return f"| `{fault.name}` | {fault.meaning} | {', '.join(fault.hosts)} | {parameters} |\n"


def _list(parameters: tuple[Parameter, ...]) -> str:
    return "".join(f"- {_words(p)}\n" for p in parameters)


def _words(parameter: Parameter) -> str:
    default = "null" if parameter.default is None else f"{parameter.default:g}"
    return f"`{parameter.name}={default}`: {parameter.meaning} ({parameter.allowed})"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
