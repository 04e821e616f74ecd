"""A page in Markdown, from a template of this package."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **values: object) -> str:
    """Fill a template; a name that it does not find is an error, never a gap."""
    environment = Environment(
        loader=PackageLoader("recovery_lab.report", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown, not HTML
    )
    environment.filters["seconds"] = seconds
    return environment.get_template(template).render(values)


def seconds(value: float | None) -> str:
    """Return seconds with milliseconds, or a word where there are none."""
    return "unknown" if value is None else f"{value:.3f} s"
