"""Who may turn a sealed value into plain text: few modules, each for a reason that stands here."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "audit", "callcrm", "exports", "leads", "recordings", "telephony")

ALLOWED = {
    "callcrm/lib/crypto/sealed.py": "masks, and seals anew what moves to another row",
    "callcrm/demo/scene.py": "its people are invented",
    "callcrm/demo/owed.py": "so are their texts",
    "leads/reveals.py": "a person asked, with a reason, and it is in the history",
    "leads/models.py": "a text about a person is shown without his name, which must be known for that",
    "leads/drafts.py": "who is writing a text gets it back",
    "leads/search.py": "a candidate counts only when its decrypted value agrees",
    "leads/index.py": "tokens are made of plain values",
    "leads/merging.py": "what moves from card to card is sealed anew, and shown to nobody",
    "leads/intake.py": "a caller is his number, not a token that may collide",
    "leads/editing.py": "a changed number is compared with the old one",
    "telephony/models/numbers.py": "the secrets of a provider's account check its signatures, and let us in there",
    "telephony/numbers.py": "a provider's secret is replaced",
    "telephony/practice.py": "the practice provider signs as a real one does",
    "telephony/express.py": "a known caller is compared with the number that rings",
    "telephony/outgoing/bridging.py": "who is called is told to the provider",
    "telephony/outgoing/calling.py": "a number that costs extra or is our own is not dialled",
    "telephony/editing.py": "what is added to a note stands below what is there",
    "telephony/problems/reports.py": "more stands below what is there; it is sealed anew when its call gets a person",
    "telephony/ingest.py": "a note is sealed under another key when its call gets a person",
}


def reveals(source: str) -> Iterator[int]:
    """The lines that call `.reveal()` without arguments: that of a sealed value has none."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr="reveal"), args=[], keywords=[]):
                yield node.lineno


def test_plain_text_is_asked_for_in_the_listed_modules_alone():
    modules = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "tests" not in path.parts]
    asking = {path.relative_to(ROOT).as_posix() for path in modules if any(reveals(path.read_text()))}
    assert "callcrm/lib/crypto/sealed.py" in asking
    assert asking - ALLOWED.keys() == set()


def test_the_search_sees_a_call_and_no_other_reveal():
    assert list(reveals("x = lead.name.reveal()\nreveals.reveal(lead, by=1)\nlead.name.masked")) == [1]
