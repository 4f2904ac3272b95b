"""What is found out about one page of the book in Chromium. A page with planted faults shows that
each of them is seen."""

from dataclasses import dataclass

_PICTURES = """() => [...document.querySelectorAll('img')].map((img) => [
  img.getAttribute('src').slice(0, 90), img.getAttribute('alt') || '', img.naturalWidth])"""
_SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_OVERLAPS = """() => [...document.querySelectorAll('.bd-sidebar-primary, .bd-sidebar-secondary')]
.filter((side) => {
  const parts = [document.querySelector('.bd-article'), side];
  const [article, box] = parts.map((part) => part?.getBoundingClientRect());
  if (!article || !box.width) return false;
  return Math.min(article.right, box.right) - Math.max(article.left, box.left) > 1;
}).map((side) => side.className)"""
_UNBACKED = """() => [...document.querySelectorAll('.bd-article img')].filter((img) => {
  const ground = getComputedStyle(img).backgroundColor.match(/[\\d.]+/g).map(Number);
  return (ground[3] ?? 1) < 1 || Math.min(...ground.slice(0, 3)) < 200;
}).map((img) => img.alt)"""
_AXE = """([rules, within]) => axe.run({include: within}, {
  resultTypes: ['violations'], preload: false, runOnly: rules}).then((found) => found.violations
  .filter((fault) => ['serious', 'critical'].includes(fault.impact))
  .flatMap((fault) => fault.nodes.map((node) => `${fault.id}: ${node.html.slice(0, 120)}`)))"""
_PRUNE = """() => document.querySelectorAll(
  'mjx-container > *, details:not([open]) > :not(summary), tbody tr:nth-child(n+5), .bd-main ~ *')
.forEach((part) => part.remove())"""
_EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
_CONTRAST = {"type": "rule", "values": ["color-contrast"]}
_STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"


@dataclass(frozen=True)
class Facts:
    """Lists of what is wrong, empty where nothing is; pictures: (address, description, width as
    loaded)."""

    asked: list[str]
    faults: list[str]
    pictures: list[list]
    sideways: list[int]
    overlaps: list[str]
    light: list[str]
    dark: list[str]
    unbacked: list[str]


def look(page, axe: str, within: str = ".bd-main") -> Facts:
    """Facts of an open page, light and 1600 pixels wide. axe: the source of axe-core, or nothing;
    within: what it examines, formulas, folded code and all but the first rows of a table left out,
    since they are many and alike."""
    page.add_style_tag(content=_STILL)
    pictures, overlaps, sideways = page.evaluate(_PICTURES), page.evaluate(_OVERLAPS), []
    for width in (1600, 360):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate(_SIDEWAYS) > 0:
            sideways.append(width)
    page.set_viewport_size({"width": 1600, "height": 900})
    page.evaluate(_PRUNE)
    light = _examined(page, axe, _EVERYTHING, within)
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    unbacked, dark = page.evaluate(_UNBACKED), _examined(page, axe, _CONTRAST, within)
    return Facts(page.asked, page.faults, pictures, sideways, overlaps, light, dark, unbacked)


def _examined(page, axe: str, rules: dict, within: str) -> list[str]:
    if not axe:
        return []
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe)
    return page.evaluate(_AXE, [rules, [[within]]])
