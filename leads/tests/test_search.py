"""Finding people by what cannot be read: what tokens propose, decrypted values decide."""

from itertools import count

from accounts import keys
from callcrm.testing import add_lead
from leads import search


def found(world, text, **options):
    with world.inside():
        return search.search(world.owner, world.acme, text, **options)


def neighbour_of(world, digits):
    """Four other digits that have the same short token as these."""
    index = keys.blind_index(world.acme.pk)
    token = index.phone_last(f"+1503555{digits}", 4)
    others = (f"{n:04}" for n in count() if f"{n:04}" != digits)
    return next(other for other in others if index.phone_last(f"+1503555{other}", 4) == token)


def test_last_digits_find_who_has_them_and_no_chance_neighbour(world):
    with world.inside():
        neighbour = neighbour_of(world, "0142")
    mine = add_lead(world.acme, phones=["+15035550142"])
    add_lead(world.acme, phones=[f"+1503555{neighbour}"])
    assert [lead.pk for lead in found(world, "0142").leads] == [mine.pk]
    assert [lead.pk for lead in found(world, "555-0142").leads] == [mine.pk]


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
