"""A doubt: its kind, and its words."""

from collections.abc import Iterator
from typing import Literal

import msgspec

# `void`: the fault did not land or there was no steady state: nothing counts, not even what failed.
# `late`: the recorder's own schedule; alone, a reason to play again. `unsure`: all else.
Kind = Literal["void", "late", "unsure", "unbroken"]
Said = Iterator[tuple[Kind, str]]


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """One doubt, in words."""

    kind: Kind
    said: str
