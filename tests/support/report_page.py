"""Reading a report's HTML: its articles as trees, and the texts in them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

ARTICLE = re.compile(r"<article .*?</article>", re.DOTALL)
SVG = "{http://www.w3.org/2000/svg}"


class Article:
    """One language of a report. That it is a tree at all shows that nothing is left open."""

    def __init__(self, tree: ElementTree.Element) -> None:
        self.tree = tree
        self.language = tree.attrib["data-language"]

    def section(self, name: str) -> ElementTree.Element:
        """Return a section by its name."""
        return self.find(f".//section[@data-section='{name}']")

    def find(self, path: str) -> ElementTree.Element:
        """Return the one element of a path."""
        found = self.tree.findall(path)
        assert len(found) == 1, f"{len(found)} of {path}"
        return found[0]

    def figure(self, name: str) -> str:
        """Return a headline figure."""
        return text(self.find(f".//*[@data-figure='{name}']"))


def articles(page: str) -> list[Article]:
    """Return the languages of a report in their order."""
    return [Article(ElementTree.fromstring(found)) for found in ARTICLE.findall(page)]


def text(element: ElementTree.Element) -> str:
    """Return the text of an element, white space collapsed."""
    return " ".join("".join(element.itertext()).split())


def table(element: ElementTree.Element) -> list[list[str]]:
    """Return the rows of the tables within an element, heads left out."""
    return [
        [text(cell) for cell in row]
        for part in element.iter()
        if part.tag in ("tbody", "tfoot")
        for row in part.findall("tr")
    ]


def pictures(element: ElementTree.Element) -> list[ElementTree.Element]:
    """Return the charts within an element."""
    return list(element.iter(f"{SVG}svg"))


def words(picture: ElementTree.Element) -> list[str]:
    """Return the texts of a chart."""
    return [text(part) for part in picture.iter(f"{SVG}text")]
