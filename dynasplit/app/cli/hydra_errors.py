"""One clear message for what Hydra refuses: what was asked, what was found, what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from hydra.errors import OverrideParseException
from omegaconf.errors import MissingMandatoryValue

from dynasplit.app.cli.declared import allowed_under, group_at
from dynasplit.app.cli.help import groups
from dynasplit.app.cli.unread import as_one_value, unread
from dynasplit.config.rules import rule_of
from dynasplit.core.errors import ConfigurationError

_SUCCESSORS = {
    "option tail of group energy": "energy=occupied",
    "option gross of group energy": "energy=wall",
    "key cloud in energy": "energy=occupied for energy.cloud=tail, energy=wall for gross",
}
"""What was called otherwise before."""
_TYPES = {
    "str": "a word (quote it if it holds , or =)",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list[int]": "a list of whole numbers, such as [1,2]",
    "list[str]": "a list of words, such as [a,b]",
    "list[bool]": "a list of true or false, such as [true]",
    "dict[str, Any]": "keys and values, such as {a:1}",
}


def refusal(error: Exception, words: Iterable[str] = ()) -> ConfigurationError:
    """The message for an error that Hydra or OmegaConf raised while composing.

    Args:
        error: what was raised.
        words: of the command line, for an error that does not say which of them it means.
    """
    if isinstance(error, OverrideParseException):
        return unread(error.override, list(words))
    if isinstance(error, ValueError):
        for group, _, option in (word.partition("=") for word in words):
            if group in groups() and option not in groups()[group]:
                return _no_such("option", option, groups()[group], f" of group {group}")
    text, cause = str(error), error.__cause__
    options = getattr(error, "options", None)
    if options is not None:
        asked = str(getattr(error, "missing_cfg_file", "")).rpartition("/")
        if asked[0] == "hydra/launcher":
            return _no_launcher(asked[2], options)
        return _no_such("option", asked[2], options, f" of group {asked[0]}")
    if wrong := re.match(r"Error merging override (\S+?)=(.*)", text):
        return _wrong_value(wrong[1].lstrip("+"), wrong[2], cause)
    if several := re.match(r"Ambiguous value for argument '(.*)'$", text, re.M):
        return ConfigurationError(
            f"{several[1]} is several values, which only -m takes; as one value it is said "
            f"{as_one_value(several[1])}"
        )
    if isinstance(error, MissingMandatoryValue):
        return _without_value(str(error.full_key))
    if fixed := re.match(r"Error merging override ~([^\s=]+)", text):
        return ConfigurationError(
            f"{fixed[1]} cannot be taken away; allowed: other values of it, or of what is in it"
        )
    if missing := re.match(r"Could not (?:override|delete from config\.) '([^']*)'", text):
        return _no_such_key(missing[1])
    if twice := re.match(r"Multiple values for (\w+)", text):
        return ConfigurationError(f"{twice[1]} is already chosen: say {twice[1]}=..., without +")
    lines = [*text.splitlines(), *str(cause or "").splitlines()]
    kept = [line.strip() for line in lines if line.strip() and "hydra.cc" not in line]
    return ConfigurationError("; ".join(kept) or type(error).__name__)


def _no_launcher(name: str, installed: Iterable[str]) -> ConfigurationError:
    there = ", ".join(installed)
    if name == "joblib":
        return ConfigurationError(
            "hydra/launcher=joblib is not installed: pip install -r requirements-joblib.txt; "
            f"there are: {there}"
        )
    return ConfigurationError(
        f"hydra/launcher={name}: no launcher of this name is installed; there are: {there}"
    )


def _no_such_key(path: str) -> ConfigurationError:
    if path == "experiment":
        return ConfigurationError("say +experiment=NAME, with a + before it")
    parent, _, name = path.rpartition(".")
    if str(allowed_under(parent).get(name, "")).startswith("dict"):
        return ConfigurationError(f"{path} takes its keys one by one: say +{path}.KEY=VALUE")
    return _no_such("key", name, allowed_under(parent), f" in {parent}" if parent else "")


def _without_value(path: str) -> ConfigurationError:
    group = path.partition(".")[0]
    option = f"{group}=OPTION or " if group in groups() else ""
    return ConfigurationError(f"{path} has no value; say {option}{path}=VALUE")


def _no_such(what: str, name: str, allowed: Iterable[str], where: str) -> ConfigurationError:
    if successor := _SUCCESSORS.get(f"{what} {name}{where}"):
        return ConfigurationError(f"there is no {what} {name!r}{where} any more: say {successor}")
    names = list(allowed)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return ConfigurationError(
        f"there is no {what} {name!r}{where}{hint}; allowed: {', '.join(names) or 'none'}"
    )


def _wrong_value(path: str, found: str, cause: BaseException | None) -> ConfigurationError:
    parent, _, name = path.rpartition(".")
    declared = str(allowed_under(parent).get(name, "")).removesuffix(" | None")
    if name in groups() and not parent:
        return _no_such("option", found, groups()[name], f" of group {name}")
    if declared not in _TYPES:
        return ConfigurationError(f"{path}={found}: {str(cause).splitlines()[0]}")
    rule = rule_of(group_at(parent), name)
    kind = "" if rule and declared == "str" else _TYPES[declared]
    allowed = " ".join(filter(None, (kind, rule.allowed() if rule else "")))
    absent = ", or null" if "None" in str(allowed_under(parent)[name]) else ""
    return ConfigurationError(f"{path}={found}; allowed: {allowed}{absent}")
