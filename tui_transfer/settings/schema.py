"""What the types of a configuration say of a key: what is accepted, what was wrong, in French."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNTOLD: Final = "voir le README"

# What msgspec says, and how we say it. The wording is msgspec's own and is held by a test.
_REASONS: Final = (
    (r"missing required field `(?P<field>[^`]+)`", "cette clé manque"),
    (r"contains unknown field `(?P<field>[^`]+)`", "cette clé n’existe pas"),
    (r"Expected .*, got `null`", "la valeur manque"),
    (r"Expected .*, got `(?P<got>\w+)`", "la valeur est {got}"),
    (r"Expected|Invalid", "la valeur n’est pas acceptée"),
)
_KINDS: Final = {
    "str": "un texte",
    "int": "un nombre",
    "float": "un nombre à virgule",
    "bool": "true ou false",
    "array": "une liste",
    "object": "une section",
    "date": "une date",
    "datetime": "une date avec une heure",
}


def explain(root: type[msgspec.Struct], error: msgspec.ValidationError) -> tuple[str, str, str]:
    """The key at fault in what was to become a `root`, what is wrong, and what was expected."""
    message = str(error)
    place = re.search(r" - at `\$\.?(?P<path>[^`]*)`\Z", message)
    path = place["path"] if place else ""
    for pattern, reason in _REASONS:
        if found := re.search(pattern, message):
            groups = found.groupdict()
            path = ".".join(part for part in (path, groups.get("field")) if part)
            got = groups.get("got") or ""
            unknown = "unknown field" in message
            expected = _known_keys(root, path) if unknown else _expected(root, path)
            return _numbered(path), reason.format(got=_KINDS.get(got, got)), expected
    return path or "—", message, _UNTOLD


def checked(root: type[msgspec.Struct], key: str, value: object) -> Any:
    """`value` as the field at `key` takes it, a text as the number, date or truth value that is wanted.

    Args:
        root: where the way of `key` begins, for instance `sharebox.port`.
        key: which field.
        value: None for an absent one, which then has its default.

    Raises:
        msgspec.ValidationError: `refusal` says it in French.
    """
    section, _, name = key.rpartition(".")
    owner = next(kind for kind in _alternatives(_kind(root, section)) if _is_section(kind))
    field = next(field for field in msgspec.structs.fields(owner) if field.name == name)
    if value is None and not field.required:
        return field.default
    return msgspec.convert(value, _kind(root, key), strict=False)


def faults(root: type[msgspec.Struct], data: object) -> list[tuple[str, str, str]]:
    """Everything that keeps `data` from becoming a `root`: as `explain` has it, in the order of the file."""
    return [explain(root, error) for error in _refusals(root, data, "")]


def _refusals(kind: Any, data: object, path: str) -> Iterator[msgspec.ValidationError]:
    """What is refused, one by one: a section is gone through key by key, a list of them one after another."""
    section = next((found for found in _alternatives(kind) if _is_section(found)), None)
    element = _element(kind)
    if section is not None and isinstance(data, dict):
        hints = _hints(section)
        for name, value in data.items():
            below = f"{path}.{name}" if path else str(name)
            if name in hints:
                yield from _refusals(hints[name], value, below)
            else:
                yield msgspec.ValidationError(f"Object contains unknown field `{name}`{_at(path)}")
        for field in msgspec.structs.fields(section):
            if field.required and field.name not in data:
                yield msgspec.ValidationError(f"Object missing required field `{field.name}`{_at(path)}")
    elif element is not None and _hints(element) and isinstance(data, list):
        for number, item in enumerate(data):
            yield from _refusals(element, item, f"{path}[{number}]")
    else:
        try:
            msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            message, _, inner = str(error).partition(" - at `$")
            yield msgspec.ValidationError(f"{message} - at `$.{path}{inner.rstrip('`')}`")


def _at(path: str) -> str:
    return f" - at `$.{path}`" if path else ""


def expected(root: type[msgspec.Struct], key: str) -> str:
    """What is expected at `key`, in a file."""
    return _expected(root, key)


def refusal(root: type[msgspec.Struct], key: str, error: msgspec.ValidationError) -> tuple[str, str]:
    """What `checked` refused: the key, or the element of it, and what is expected of who types it in."""
    element = re.search(r"at `\$(\[\d+\])`\Z", str(error))
    path = key + (element[1] if element else "")
    return _numbered(path), _expected(root, path, typed=True)


def _numbered(path: str) -> str:
    """The path with elements of lists numbered as people count, from 1."""
    return re.sub(r"\[(\d+)\]", lambda index: f"[{int(index[1]) + 1}]", path)


def _expected(root: Any, path: str, *, typed: bool = False) -> str:
    """The description of the key at `path`, of an element of it (`key[1]`), or of the section it names."""
    kind = _kind(root, path)
    return _UNTOLD if kind is None else _description(kind, typed=typed)


def _kind(root: Any, path: str) -> Any:
    """The type of the key at `path`, of an element of it, or of the section it names; None without one."""
    kind = root
    for part in path.split(".") if path else []:
        key, _, element = part.partition("[")
        hints = _hints(kind)
        if key not in hints:
            return None
        kind = _element(hints[key]) if element else hints[key]
    return kind


def _element(kind: Any) -> Any:
    """What the elements of a `tuple[X, ...]` are, annotated or one of several alternatives."""
    if get_origin(kind) is tuple:
        return kind.__args__[0]
    # Of an annotated type, the arguments are what is annotated and the annotations.
    inner = (get_args(kind)[0],) if hasattr(kind, "__metadata__") else get_args(kind)
    return next((found for found in map(_element, inner) if found is not None), None)


def _known_keys(root: Any, path: str) -> str:
    return "l’une des clés " + ", ".join(_hints(_kind(root, path.rpartition(".")[0])))


def _hints(kind: Any) -> dict[str, Any]:
    """The fields of the section that `kind` is, or holds (`Section | None`, `tuple[Section, ...]`)."""
    for candidate in _alternatives(kind):
        if _is_section(candidate):
            return get_type_hints(candidate, include_extras=True)
    return {}


def _description(kind: Any, *, typed: bool) -> str:
    for candidate in _alternatives(kind):
        for meta in getattr(candidate, "__metadata__", ()):
            if isinstance(meta, Meta) and meta.description:
                return str((meta.extra or {}).get("typed", meta.description) if typed else meta.description)
    keys = _hints(kind)
    return "une section avec les clés " + ", ".join(keys) if keys else _UNTOLD


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return kind, *getattr(kind, "__args__", ())


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
