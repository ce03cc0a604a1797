"""Finding people by what cannot be read: what tokens propose, decrypted values decide."""

from accounts import keys
from callcrm.testing import add_lead
from leads import search


def found(world, text, **options):
    with world.inside():
        return search.search(world.owner, world.acme, text, **options)


def neighbours(world):
    """Two endings that share a token by chance: of 10,000 endings and 8,192 tokens there are always some."""
    index, seen = keys.blind_index(world.acme.pk), {}
    for ending in (f"{number:04}" for number in range(10_000)):
        token = index.phone_last(f"+1503555{ending}", 4).token
        if token in seen:
            return seen[token], ending
        seen[token] = ending
    raise AssertionError("more tokens than endings")


def test_last_digits_find_who_has_them_and_no_chance_neighbour(world):
    with world.inside():
        ending, neighbour = neighbours(world)
    mine = add_lead(world.acme, phones=[f"+1503555{ending}"])
    add_lead(world.acme, phones=[f"+1503555{neighbour}"])
    assert [lead.pk for lead in found(world, ending).leads] == [mine.pk]
    assert [lead.pk for lead in found(world, f"555-{ending}").leads] == [mine.pk]


def test_last_digits_find_a_person_once_however_many_of_his_numbers_end_so(world):
    lead = add_lead(world.acme, phones=["+15035550142", "+12065550142"])
    assert [hit.pk for hit in found(world, "0142").leads] == [lead.pk]


def test_last_digits_find_page_after_page(world):
    leads = [add_lead(world.acme, phones=[f"+1{area}5550142"]).pk for area in (503, 206, 360)]
    seen, after = [], None
    while True:
        page = found(world, "0142", after=after, size=2)
        seen += [lead.pk for lead in page.leads]
        after = page.next
        if after is None:
            break
    assert seen == leads[::-1]


def test_a_beginning_and_a_whole_word_find_the_same_person_once(world):
    lead = add_lead(world.acme, name="Dana Riverstone")
    add_lead(world.acme, name="Dan Rivera")
    for text in ("riverstone", "dana riv", "rivers"):
        assert [hit.pk for hit in found(world, text).leads] == [lead.pk]
    assert len(found(world, "riv").leads) == 2


def test_a_name_is_found_as_pages_show_it(world):
    mine = add_lead(world.acme, name="Elias Stone")
    add_lead(world.acme, name="Elias Moss")
    for typed in ("Elias S.", "elias s", "S. Elias"):
        assert [lead.pk for lead in found(world, typed).leads] == [mine.pk], typed
    assert found(world, "E. S.").leads == []
    alone = add_lead(world.acme, name="S")
    assert [lead.pk for lead in found(world, "S").leads] == [alone.pk]
