"""One literal: its value, its style, and the type it must fit.

A style is what a maintainer chose and a tool must not change: base and case of hexadecimal
digits, digit separators, zero padding, type suffix, the form of a real number (``3.0e4``, ``2.``,
``.5``), an explicit sign, the quotes of a text. ``restyled`` writes another value in that style.
Real numbers get the shortest digits that read back as the same double.

Functions here raise ``ValueError`` with a phrase; the binding that knows parameter and place turns
it into the message the user reads.

Limits: raw, byte, formatted and multi-line strings, hexadecimal floats and user-defined suffixes
are refused.
"""

from __future__ import annotations

import json
import math
import re
import struct
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tighten.parameters.domain import Value

__all__ = [
    "Kind",
    "Language",
    "ValueType",
    "declared_type",
    "fitted",
    "generic_type",
    "kind_of",
    "literal_value",
    "plain_literal",
    "restyled",
    "suffix_type",
]


class Language(StrEnum):
    """A language with literals of its own; the value names its grammar."""

    RUST = "rust"
    C = "c"
    CPP = "cpp"
    PYTHON = "python"
    TOML = "toml"
    YAML = "yaml"
    JSON = "json"


class Kind(StrEnum):
    """What sort of value a place holds."""

    FLAG = "true or false"
    INTEGER = "a whole number"
    REAL = "a finite number"
    TEXT = "a text"
    CHARACTER = "one character"


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a place: its name, its kind, and the bounds of a number, if it has any."""

    name: str
    kind: Kind
    low: int | float | None = None
    high: int | float | None = None

    def allowed(self) -> str:
        """Return the allowed values as a phrase."""
        if self.low is None or self.high is None:
            return str(self.kind)
        return f"{self.kind} from {self.low} to {self.high}"


def _integer_type(name: str, bits: int, *, signed: bool) -> ValueType:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return ValueType(name, Kind.INTEGER, low, high)


LARGEST_SINGLE = (2 - 2**-23) * 2.0**127
LARGEST_DOUBLE = (2 - 2**-52) * 2.0**1023
RUST_WIDTHS = {"8": 8, "16": 16, "32": 32, "64": 64, "128": 128, "size": 64}
RUST_TYPES = {
    **{f"{s}{n}": _integer_type(f"{s}{n}", b, signed=s == "i")
       for n, b in RUST_WIDTHS.items() for s in "iu"},
    "f32": ValueType("f32", Kind.REAL, -LARGEST_SINGLE, LARGEST_SINGLE),
    "f64": ValueType("f64", Kind.REAL, -LARGEST_DOUBLE, LARGEST_DOUBLE),
    "bool": ValueType("bool", Kind.FLAG),
    "char": ValueType("char", Kind.CHARACTER),
    "&str": ValueType("&str", Kind.TEXT),
}  # fmt: skip
C_TYPES = {
    **{f"{u}int{form}{n}_t": _integer_type(f"{u}int{form}{n}_t", n, signed=not u)
       for n in (8, 16, 32, 64) for u in ("", "u") for form in ("", "_fast", "_least")},
    **{name: _integer_type(name, 64, signed=False) for name in ("size_t", "uintptr_t")},
    **{name: _integer_type(name, 64, signed=True) for name in ("ssize_t", "ptrdiff_t", "intptr_t")},
    "bool": ValueType("bool", Kind.FLAG),
    "_Bool": ValueType("_Bool", Kind.FLAG),
    "float": ValueType("float", Kind.REAL, -LARGEST_SINGLE, LARGEST_SINGLE),
    "double": ValueType("double", Kind.REAL, -LARGEST_DOUBLE, LARGEST_DOUBLE),
    "long double": ValueType("long double", Kind.REAL, -LARGEST_DOUBLE, LARGEST_DOUBLE),
}  # fmt: skip
C_WIDTHS = {"char": 8, "short": 16, "int": 32, "long": 64}
PYTHON_TYPES = {
    "int": ValueType("int", Kind.INTEGER),
    "float": ValueType("float", Kind.REAL, -LARGEST_DOUBLE, LARGEST_DOUBLE),
    "bool": ValueType("bool", Kind.FLAG),
    "str": ValueType("str", Kind.TEXT),
}


def declared_type(language: Language, text: str) -> ValueType | None:
    """Return the type that ``text`` names, or None where its range is not known.

    ``long`` has 64 bits, as on every 64-bit Unix; ``size_t`` and ``usize`` as well.
    """
    if language is Language.RUST:
        return RUST_TYPES.get(re.sub(r"&\s*('static\s+)?", "&", text.strip()))
    if language is Language.PYTHON:
        inner = re.sub(r"^(?:\w+\.)?(?:Final|ClassVar)\b", "", text.strip().strip("\"'"))
        return PYTHON_TYPES.get(inner.strip("[] "))
    words = [word.removeprefix("std::") for word in text.split()]
    words = [word for word in words if word not in ("const", "volatile", "static")]
    return C_TYPES.get(" ".join(words)) or _c_integer(words)


def _c_integer(words: list[str]) -> ValueType | None:
    """Return the integer type of C keywords in any order, as in ``long unsigned int``."""
    if not words or not set(words) <= {"signed", "unsigned", *C_WIDTHS}:
        return None
    base = next((word for word in ("char", "short", "long") if word in words), "int")
    return _integer_type(" ".join(words), C_WIDTHS[base], signed="unsigned" not in words)


def generic_type(kind: Kind, language: Language) -> ValueType:
    """Return the type of a place that declares none."""
    if kind is Kind.REAL:
        return ValueType("a 64-bit real number", kind, -LARGEST_DOUBLE, LARGEST_DOUBLE)
    if kind is Kind.INTEGER and language in (Language.C, Language.CPP, Language.TOML):
        return ValueType("an integer of 64 bits", kind, -(1 << 63), (1 << 63) - 1)
    return ValueType("the present value, which is " + kind, kind)


def kind_of(value: Value) -> Kind:
    """Return the kind of a value; a text of one character is a text."""
    if isinstance(value, bool):
        return Kind.FLAG
    if isinstance(value, int):
        return Kind.INTEGER
    return Kind.REAL if isinstance(value, float) else Kind.TEXT


def fitted(value: Value, type_: ValueType) -> Value:
    """Return ``value`` as a value of the type.

    Raises
    ------
    ValueError
        If it does not fit: wrong kind, outside the bounds, a fraction for an integer, not finite,
        or a number that the type would round to zero.
    """
    kind = type_.kind
    if kind is Kind.FLAG or isinstance(value, bool):
        if kind is Kind.FLAG and isinstance(value, bool):
            return value
    elif isinstance(value, str):
        if kind is Kind.TEXT or (kind is Kind.CHARACTER and len(value) == 1):
            return value
    elif kind in (Kind.INTEGER, Kind.REAL) and (isinstance(value, int) or math.isfinite(value)):
        number = _number(value, kind)
        if number is not None and _in_bounds(number, type_):
            return number
    shown = json.dumps(value, ensure_ascii=False)
    raise ValueError(
        f"the value {shown} does not fit {type_.name}; allowed: {type_.allowed()}. "
        "Choose such values, or change the definition"
    )


def _number(value: float, kind: Kind) -> int | float | None:
    if kind is Kind.INTEGER:
        return int(value) if value == int(value) else None
    try:
        return float(value) if float(value) == value else None
    except OverflowError:
        return None


def _in_bounds(number: float, type_: ValueType) -> bool:
    if type_.low is None or type_.high is None:
        return True
    if type_.high == LARGEST_SINGLE and number != 0 and abs(number) <= LARGEST_SINGLE:
        return bool(struct.unpack("f", struct.pack("f", number))[0] != 0)
    return type_.low <= number <= type_.high


RUST_SUFFIX = "|".join(name for name, known in RUST_TYPES.items() if known.kind is Kind.INTEGER)
C_INTEGER_SUFFIX = r"[uU](?:ll?|LL?|z|Z)?|(?:ll?|LL?|z|Z)[uU]?"
SUFFIXES = {
    Language.RUST: (RUST_SUFFIX, "f32|f64"),
    Language.C: (C_INTEGER_SUFFIX, "[fFlL]"),
    Language.CPP: (C_INTEGER_SUFFIX, "[fFlL]"),
}
SEPARATORS = {Language.CPP: "'", Language.C: "'", Language.JSON: ""}
TRUTH = {Language.PYTHON: ("False", "True")}


def _patterns(language: Language) -> tuple[re.Pattern[str], re.Pattern[str]]:
    sep = SEPARATORS.get(language, "_")
    digit, hexadecimal = f"[0-9{sep}]", f"[0-9a-fA-F{sep}]"
    integer_suffix, real_suffix = SUFFIXES.get(language, ("", ""))
    integer = (
        rf"(?P<sign>[+-]\s*)?(?:(?P<prefix>0[xX])(?P<hex>{hexadecimal}*[0-9a-fA-F])"
        rf"|(?P<other>0[oObB])?(?P<digits>[0-9](?:{digit}*[0-9])?))(?P<suffix>_*(?:{integer_suffix})?)"
    )
    real = (
        rf"(?P<sign>[+-]\s*)?(?P<whole>(?:[0-9]{digit}*)?)(?P<point>\.?)(?P<fraction>(?:[0-9]{digit}*)?)"
        rf"(?:(?P<e>[eE])(?P<esign>[+-]?)(?P<exponent>[0-9]+))?(?P<suffix>_*(?:{real_suffix})?)"
    )
    return re.compile(integer), re.compile(real)


NUMBERS = {language: _patterns(language) for language in Language}


def literal_value(text: str, language: Language) -> Value:
    """Return the value of a literal, an optional sign included.

    Raises
    ------
    ValueError
        If the text is no literal that can be read and written again.
    """
    false, true = TRUTH.get(language, ("false", "true"))
    if text in (false, true):
        return text == true
    if integer := _integer_match(text, language):
        return _integer(integer, language)
    real = NUMBERS[language][1].fullmatch(text)
    if real and (real["whole"] or real["fraction"]):
        value = float(_bare(text[: real.start("suffix")]))
        if math.isfinite(value):
            return value
    if text[:1] in ("'", '"'):
        return _unquoted(text, language)
    raise ValueError(f"{text} is not a literal that can be written again")


def _integer_match(text: str, language: Language) -> re.Match[str] | None:
    return NUMBERS[language][0].fullmatch(text)


def _bare(digits: str) -> str:
    return re.sub(r"[_'\s]", "", digits)


def _base(match: re.Match[str], language: Language) -> int:
    if match["prefix"]:
        return 16
    if match["other"]:
        return 8 if match["other"] in ("0o", "0O") else 2
    octal = language in (Language.C, Language.CPP) and re.match(r"0[0-7']", match["digits"])
    return 8 if octal else 10


def _integer(match: re.Match[str], language: Language) -> int:
    magnitude = int(_bare(match["hex"] or match["digits"]), _base(match, language))
    return -magnitude if (match["sign"] or "").startswith("-") else magnitude


def suffix_type(text: str, language: Language) -> ValueType | None:
    """Return the type that the suffix of a literal names, None without a suffix."""
    match = _integer_match(text, language) or NUMBERS[language][1].fullmatch(text)
    suffix = match["suffix"].lstrip("_") if match else ""
    if not suffix:
        return None
    if language is Language.RUST:
        return RUST_TYPES[suffix]
    if suffix in "fF":
        return C_TYPES["float"]
    if match is None or "hex" not in match.groupdict():
        return C_TYPES["long double"]
    return _integer_type(f"a literal with suffix {suffix}", 64, signed="u" not in suffix.lower())


def plain_literal(value: Value, language: Language, *, suffix: str = "") -> str:
    """Return the usual literal of a value; Rust groups the digits from 10,000 on."""
    if isinstance(value, bool):
        return TRUTH.get(language, ("false", "true"))[value]
    if isinstance(value, str):
        return _quoted(value, '"', language)
    if isinstance(value, int):
        grouped = f"{value:_}" if language is Language.RUST and abs(value) >= 10_000 else str(value)
        return grouped + suffix
    return restyled("1.0", value, language) + suffix


def restyled(text: str, value: Value, language: Language) -> str:
    """Return the literal of ``value`` in the style of the literal ``text``.

    Parameters
    ----------
    text
        A literal that ``literal_value`` can read.
    value
        A value of the same kind; a real number may replace an integer literal, and a text or a
        number one another, where the caller allows it.
    language
        The language of both literals.

    Raises
    ------
    ValueError
        If a text holds characters that the language cannot quote on one line.
    """
    if isinstance(value, bool):
        return plain_literal(value, language)
    if isinstance(value, str):
        return _quoted(value, text[0] if text[:1] in ("'", '"') else '"', language)
    if isinstance(value, int):
        match = _integer_match(text, language)
        return _integer_text(match, value, language) if match else plain_literal(value, language)
    real = NUMBERS[language][1].fullmatch(text) or NUMBERS[language][1].fullmatch("1.0")
    return _real_text(real, value, language) if real else repr(value)


def _signed(sign: str | None, body: str, *, negative: bool) -> str:
    """Prefix the sign; an explicit plus stays, and so does the space after a minus."""
    if negative:
        return (sign if sign and sign.startswith("-") else "-") + body
    return (sign if sign and sign.startswith("+") else "") + body


def _grouped(digits: str, like: str, separator: str, *, left: bool = False) -> str:
    """Group ``digits`` as ``like`` is grouped: by its last group, or its first after a point."""
    parts = re.split(r"[_']", like)
    if len(parts) < 2 or not separator:
        return digits
    size = max(len(parts[0] if left else parts[-1]), 1)
    offset = 0 if left else len(digits) % size
    groups = [digits[i : i + size] for i in range(offset, len(digits), size)]
    return separator.join([digits[:offset], *groups] if offset else groups)


def _integer_text(match: re.Match[str], value: int, language: Language) -> str:
    base = _base(match, language)
    old = match["hex"] or match["digits"]
    digits = format(abs(value), {16: "x", 10: "d", 8: "o", 2: "b"}[base])
    if base == 16 and (re.search("[A-F]", old) or (match["prefix"] == "0X")):
        digits = digits.upper()
    octal = base == 8 and not match["other"]
    if old.startswith("0") and base != 10 and not octal:
        digits = digits.zfill(len(_bare(old)))
    prefix = match["prefix"] or match["other"] or ("0" if octal else "")
    body = _grouped(digits, old, SEPARATORS.get(language, "_"))
    return _signed(match["sign"], prefix + body + match["suffix"], negative=value < 0)


POSITIONAL = range(-10, 17)  # exponents of ten that are written without one, if the style has none


def _real_text(style: re.Match[str], value: float, language: Language) -> str:
    _, digit_tuple, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    power = (len(digits) - 1 + int(exponent)) if value else 0
    if style["e"] or power not in POSITIONAL:
        body = _scientific(style, digits, power)
    else:
        body = _positional(style, digits, power, language)
    negative = math.copysign(1.0, value) < 0
    return _signed(style["sign"], body + style["suffix"], negative=negative)


def _scientific(style: re.Match[str], digits: str, power: int) -> str:
    """Write a mantissa with as many digits before the point as the style has."""
    leading = len(_bare(style["whole"]).lstrip("0")) if style["e"] else 1
    leading = max(leading, 1)
    digits = digits.ljust(leading, "0")
    mantissa = digits[:leading] + _fraction(style, digits[leading:])
    if style["e"] is None:
        return f"{mantissa}e{power:+03d}"
    shifted = power - leading + 1
    sign = "-" if shifted < 0 else style["esign"].replace("-", "")
    old = style["exponent"]
    width = len(old) if old.startswith("0") and len(old) > 1 else 1
    return f"{mantissa}{style['e']}{sign}{abs(shifted):0{width}d}"


def _positional(style: re.Match[str], digits: str, power: int, language: Language) -> str:
    separator = SEPARATORS.get(language, "_")
    if power < 0:
        whole, rest = "0", "0" * (-power - 1) + digits
    else:
        padded = digits.ljust(power + 1, "0")
        whole, rest = padded[: power + 1], padded[power + 1 :]
    fraction = _fraction(style, rest)
    if whole == "0" and not style["whole"] and len(fraction) > 1:
        return fraction
    grouped = _grouped(fraction[1:], style["fraction"], separator, left=True)
    return _grouped(whole, style["whole"], separator) + fraction[:1] + grouped


def _fraction(style: re.Match[str], digits: str) -> str:
    """Return point and fraction: ``.0``, ``.`` or nothing for a whole number, as in the style."""
    old = _bare(style["fraction"])
    if len(old) > 1 and old.endswith("0"):
        digits = digits.ljust(len(old), "0")
    if digits:
        return "." + digits
    return style["point"] + ("0" if old else "")


ESCAPES = {"\\": "\\", "n": "\n", "t": "\t", "r": "\r", "0": "\0", '"': '"', "'": "'"}


def _unquoted(text: str, language: Language) -> str:
    quote, inner = text[0], text[1:-1]
    if language is Language.JSON:
        return str(json.loads(text))
    if len(text) < 2 or text[-1] != quote:
        raise ValueError(f"{text} is not a literal that can be written again")
    if quote == "'" and language is Language.TOML and "'" not in inner:
        return inner
    if quote == "'" and language is Language.YAML:
        return inner.replace("''", "'")
    if not re.fullmatch(rf"(?:[^\\{quote}]|\\(?:[\\ntr\"']|0(?![0-7])))*", inner):
        raise ValueError(
            f"{text} has a prefix, spans lines, or holds an escape that cannot be written again; "
            "write it as one plain text"
        )
    return re.sub(r"\\(.)", lambda escape: ESCAPES[escape[1]], inner)


def _quoted(value: str, quote: str, language: Language) -> str:
    if any((ord(c) < 32 and c not in "\n\t\r") or c == "\x7f" for c in value):
        raise ValueError(f"the value {json.dumps(value)} holds control characters; remove them")
    if language is Language.JSON:
        return json.dumps(value, ensure_ascii=False)
    verbatim = quote == "'" and language in (Language.TOML, Language.YAML)
    if verbatim and not re.search(r"[\n\t\r]", value):
        if language is Language.YAML:
            return "'" + value.replace("'", "''") + "'"
        if "'" not in value:
            return f"'{value}'"
    quote = '"' if verbatim else quote
    escaped = value.replace("\\", "\\\\").replace(quote, "\\" + quote)
    for name in "ntr":
        escaped = escaped.replace(ESCAPES[name], "\\" + name)
    return quote + escaped + quote
