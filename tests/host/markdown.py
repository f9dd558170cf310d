"""Code blocks and links of the project's Markdown pages. Knows no page.

A block's first word says what becomes of it: `python` and `sh` are executed, `output` is what something printed; right
behind `sh`, what that printed. A comment right before it asks for what must be there first:
<!-- before: ring sandbox -->.
"""

import re
from dataclasses import dataclass

from tools.device import ROOT

_BLOCK = re.compile(r"(?:<!-- before: ([\w -]*) -->\n+)?^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass
class Block:
    page: str
    line: int
    kind: str
    text: str
    before: tuple = ()
    prints: str = ""

    def __str__(self):
        return "%s:%d" % (self.page, self.line)


def pages():
    """Every Markdown page of the project, as paths from its root."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def blocks(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    found = list(_BLOCK.finditer(text))
    for match, behind in zip(found, [*found[1:], None]):
        line = text.count("\n", 0, match.start(2)) + 1
        kind = (match.group(2).split() or [""])[0]
        before = tuple((match.group(1) or "").split())
        at_once = behind and behind.group(2) == "output" and not text[match.end() : behind.start()].strip()
        yield Block(page, line, kind, match.group(3), before, behind.group(3) if at_once else "")


def links(page):
    """What the page links to, outside of code blocks."""
    text = _BLOCK.sub("", (ROOT / page).read_text(encoding="utf-8"))
    return _LINK.findall(text)


def anchors(page):
    """The names by which the page's headings can be linked to."""
    headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
