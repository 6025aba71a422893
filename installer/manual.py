"""The manual that a built program carries: README.md as a page that any browser shows, without a network."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
# Its pictures and links go on working: the page lies where README.md lies in the sources.
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>ExoTwin</title><style>
body {{ font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #18212f; }}
pre {{ background: #f4f6f8; padding: 1em; overflow-x: auto; font-size: 13px; }}
code {{ background: #f4f6f8; }}
img {{ max-width: 100%; }}
td, th {{ text-align: left; vertical-align: top; padding: 0.3em 1em 0.3em 0; }}
</style></head><body>
<p><em>The manual of the program that is installed here. Where it writes <code>.venv/bin/exotwin</code> or
<code>python -m app</code>, this program is <code>exotwin</code>; what it says of setting up and of building
is for those who have the sources.</em></p>
{body}</body></html>
"""


def write(target: Path) -> Path:
    """Write the page; returns `target`."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    body = MarkdownIt("commonmark").enable("table").render(text)
    target.write_text(_PAGE.format(body=body), encoding="utf-8")
    return target
