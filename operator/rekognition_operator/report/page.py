"""How does the content become one HTML file that needs nothing else?"""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rekognition_operator.core.wording import to_the_minute
from rekognition_operator.report.parts import Page
from rekognition_operator.report.plots import svg

_TEMPLATE: Final = "page.html.j2"


def render(page: Page) -> str:
    """Return the page. Whatever text is in it is text: nothing of it becomes markup."""
    templates = Environment(
        loader=PackageLoader("rekognition_operator.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawings = {
        section.id: [
            Markup(svg(plot, f"{section.id}-{number}"))  # noqa: S704  # ours; the texts in it are escaped
            for number, plot in enumerate(section.plots, start=1)
        ]
        for section in page.sections
    }
    return templates.get_template(_TEMPLATE).render(page=page, drawings=drawings, made_at=to_the_minute(page.made_at))
