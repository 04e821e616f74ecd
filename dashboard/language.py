"""Which language a session reads, and its words.

Like gettext, the English text is the key of its translation, and stands in where there is none;
the catalogue is Python, so that nothing has to be compiled into the image.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal, get_args

import streamlit as st

from dashboard import clock
from dashboard.translations import KOREAN

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
OWN_NAMES: Mapping[Language, str] = {"en": "English", "ko": "한국어"}

PARAMETER = "lang"
_KEPT, _SWITCH = "language", "language_switch"
_CATALOGUES: Mapping[Language, Mapping[str, str]] = {"en": {}, "ko": KOREAN}


def marked(text: str) -> str:
    """Return `text`; it is translated later, where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Words:
    """Say English text in `language`, and instants in the viewer's `zone`."""

    language: Language
    zone: tzinfo = UTC

    def __call__(self, text: str, **values: Any) -> str:
        """Return the translation of `text` with `values` in its braces."""
        said = _CATALOGUES[self.language].get(text, text)
        return said.format(**values) if values else said

    def at(self, instant: datetime) -> str:
        """Return the instant in the viewer's zone, UTC beside it."""
        return clock.told(instant, self.zone)


def choose(asked: str | None, kept: str | None, locale: str | None) -> Language:
    """Return the address' language, else the session's, else the browser's, else English."""
    for wanted in (asked, kept, (locale or "")[:2].lower()):
        if wanted in LANGUAGES:
            return wanted
    return "en"


def decide() -> Words:
    """Return the session's words; its language is kept in the session and in the address.

    For the router alone. A page's refresh may still bring the address from before a switch: were
    it to decide, the link that is clicked next would lead to a page in the old language.
    """
    language = choose(
        st.query_params.get(PARAMETER), st.session_state.get(_KEPT), st.context.locale
    )
    st.session_state[_KEPT] = language
    if st.query_params.get(PARAMETER) != language:  # links of the navigation drop the query
        st.query_params[PARAMETER] = language
    return Words(language)


def words() -> Words:
    """Return the words that the router has decided on."""
    return Words(st.session_state[_KEPT], clock.zone(st.context.timezone))


def switch(say: Words) -> None:
    """Show the switch between the languages, each under its own name."""
    st.session_state[_SWITCH] = say.language
    st.radio(
        "Language / 언어",
        LANGUAGES,
        format_func=OWN_NAMES.__getitem__,
        key=_SWITCH,
        on_change=_switched,
        horizontal=True,
    )


def _switched() -> None:
    st.query_params[PARAMETER] = st.session_state[_SWITCH]
