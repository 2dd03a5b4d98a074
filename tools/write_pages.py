"""Writes the generated pages: ``python -m tools.write_pages``."""

from tools.pages import pages
from tools.survey import ROOT


def main() -> None:
    """Write each page that is not as it should be, and remove the OpenAPI documents of services that are gone."""
    wanted = pages()
    for path, text in wanted.items():
        page = ROOT / path
        page.parent.mkdir(parents=True, exist_ok=True)
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            print(path)
    for page in (ROOT / "docs" / "openapi").glob("*.json"):
        if str(page.relative_to(ROOT)) not in wanted:
            page.unlink()
            print(f"{page.relative_to(ROOT)} removed")


if __name__ == "__main__":
    main()
