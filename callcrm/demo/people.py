"""Invented people: numbers that ring nowhere, names out of two lists."""

from collections.abc import Iterator
from random import Random

# Near Portland first; each area code has a hundred numbers that are kept for invention.
NEAR = ("503", "971", "541", "458", "360", "206", "253", "425", "509", "564")
FAR = ("208", "303", "415", "480", "512", "602", "619", "702", "801", "916")
KEPT = "555010"  # ours: the tracking numbers and the telephones of the business

FIRST = str.split(
    "Alana Amir Anita Arturo Bea Bennett Bianca Cal Carmen Casey Cleo Colin Dana Darius Delia Devon Edie Elias "
    "Esther Farah Felix Fiona Gideon Greta Hana Harlan Ida Imani Ivan Jada Jonah June Kai Keira Lamar Leah Leon "
    "Lila Luca Mabel Marcus Mei Mina Nadia Nate Nora Omar Opal Otis Paula Perry Quinn Rafa Ramona Reid Rosa Sadie "
    "Samir Selma Silas Stella Tariq Tess Theo Una Vera Vince Wade Willa Yara Zane Zoë"
)
LAST = str.split(
    "Abbott Ahmadi Alder Arroyo Ashby Barlow Beckett Bell Bergstrom Blake Booker Brandt Cardoza Castell Chau Cobb "
    "Cordova Crane Dalton Deveraux Drake Dunmore Egan Ellery Estrada Fairley Falk Farrow Finch Fujita Galvan Garner "
    "Gill Grady Hale Hargrove Hassan Hollis Ibarra Ingram Jarvis Kaplan Keane Kessler Kim Lake Larkin Leclair Lowe "
    "Marsh Mbeki Mercer Moreno Nash Nolan Novak Oakes Okafor Ortega Park Pike Quist Raines Rao Reyes Rowe Sandoval "
    "Sato Shaw Silva Stone Swann Tanaka Tate Thorne Tran Underhill Vance Vega Voss Wells Whitlow Wyatt Yoder Zapata"
)
MAIL = ("mail.example", "post.example", "inbox.example", "home.example")


def numbers(rng: Random) -> Iterator[str]:
    """Yield numbers, no two alike, mostly of the region."""
    near, far = (_shuffled(rng, codes) for codes in (NEAR, FAR))
    while True:
        yield next(near if rng.random() < 0.85 else far)


def _shuffled(rng: Random, codes: tuple[str, ...]) -> Iterator[str]:
    made = [f"+1{code}55501{n:02}" for code in codes for n in range(100)]
    ours = {f"+1503{KEPT}{n}" for n in range(10)} | {"+15035550190", "+15035550191"}
    rng.shuffle(made)
    return iter([number for number in made if number not in ours])


def name(rng: Random) -> str:
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def email(rng: Random, name: str) -> str:
    first, last = name.lower().replace("ë", "e").split()
    local = rng.choice([f"{first}.{last}", f"{first[0]}{last}", f"{first}{rng.randrange(10, 99)}"])
    return f"{local}@{rng.choice(MAIL)}"
