"""The tags of pages: what they show, and what they must never show."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from django import forms
from django.template import engines
from django.test import RequestFactory, SimpleTestCase, override_settings

from callcrm.lib.marks import MARKS
from callcrm.lib.masking import redact
from callcrm.lib.ui_lists import Filter

PORTLAND = SimpleNamespace(slug="acme", name="Acme", timezone="America/Los_Angeles")
NOW = datetime(2026, 11, 12, 18, 48, tzinfo=UTC)  # 10:48 am in Portland
PLAIN_STORAGE = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


class SealedLike:
    masked = "+1(503)***-**42"

    def __str__(self):
        raise AssertionError("only the mask may be asked for")


class Example(forms.Form):
    email = forms.EmailField(label="Work e-mail", help_text="Where the invitation goes.")


@override_settings(STORAGES=PLAIN_STORAGE)
class TagCase(SimpleTestCase):
    def draw(self, source, path="/", **context):
        request = RequestFactory().get(path)
        request.business = PORTLAND
        return engines["django"].from_string(source).render(context, request)


class MarkTests(TagCase):
    def test_a_state_is_a_word_and_an_icon_not_only_a_colour(self):
        for code, mark in MARKS.items():
            with self.subTest(code):
                page = self.draw("{% badge code %}", code=code)
                self.assertIn(mark.word, page)
                self.assertIn(f"#{mark.icon}", page)

    def test_every_icon_that_a_state_names_is_in_the_sprite(self):
        symbols = Path("static/vendor/icons.svg").read_text()
        for mark in MARKS.values():
            self.assertIn(f'id="{mark.icon}"', symbols)

    def test_an_unlisted_state_is_shown_as_its_own_word(self):
        self.assertIn("Called back", self.draw("{% badge 'called-back' %}"))

    def test_an_outgoing_call_has_its_own_icon(self):
        self.assertIn("#phone-outgoing", self.draw("{% disc 'answered' 'outbound' %}"))
        self.assertIn("#phone-outgoing", self.draw("{% badge 'answered' direction='outbound' %}"))

    def test_what_is_masked_in_a_text_is_drawn_as_it_is_everywhere_else(self):
        for text, page in (
            ("Call 503-555-0199 or john@example.com.", "Call +1 (503) •••-••99 or jo•••@example.com."),
            ("+442079460958", "+44•••••••58"),
            ("It is ***very*** urgent, 2 * 3.", "It is ***very*** urgent, 2 * 3."),
            ("a***@b.example <b>", "a•••@b.example &lt;b&gt;"),
            (None, ""),
        ):
            self.assertEqual(self.draw("{{ text|drawn }}", text=text and redact(text)), page)

    def test_names_and_tags_are_escaped(self):
        page = self.draw("{% tag word %}{% avatar word %}", word="<script>")
        self.assertNotIn("<script>", page)

    def test_an_avatar_shows_first_and_last_initial(self):
        self.assertIn(">MO<", self.draw("{% avatar 'Maya de Ortiz' %}"))

    def test_an_avatar_of_nobody_still_draws(self):
        drawn = self.draw("{% avatar '' %}")
        self.assertIn("#user-round", drawn)
        self.assertIn("a0", drawn)


class MaskedTests(TagCase):
    can_reveal = SimpleNamespace(reveal=True)

    def test_a_mask_is_drawn_with_dots_and_spoken_in_words(self):
        page = self.draw("{% masked number %}", number=SealedLike())
        self.assertIn("+1 (503) •••-••42", page)
        self.assertIn("Phone hidden, ends in 42", page)

    def test_there_is_an_eye_for_who_may_reveal(self):
        page = self.draw(
            "{% masked number 'phone' '/x/reveals/' %}", number=SealedLike(), can=self.can_reveal
        )
        self.assertIn('href="/x/reveals/?fields=phones"', page)
        self.assertIn("Reveal phone number", page)

    def test_there_is_no_eye_without_the_right(self):
        page = self.draw(
            "{% masked number 'phone' '/x/reveals/' %}",
            number=SealedLike(),
            can=SimpleNamespace(reveal=False),
        )
        self.assertNotIn("reveals", page)

    def test_there_is_no_eye_where_nothing_is_hidden(self):
        page = self.draw("{% masked 'Dana' 'name' '/x/reveals/' %}", can=self.can_reveal)
        self.assertNotIn("reveals", page)

    def test_the_last_digits_alone(self):
        self.assertEqual(self.draw("{{ number|ending }}", number=SealedLike()), "ends in 42")


class TimeTests(TagCase):
    def when(self, at, form=""):
        with mock.patch("django.utils.timezone.now", return_value=NOW):
            return self.draw("{% when at form %}", at=at, form=form)

    def test_time_is_that_of_the_business_and_its_distance(self):
        page = self.when(NOW - timedelta(minutes=6))
        self.assertIn(
            '<time datetime="2026-11-12T18:42:00+00:00" title="Thu, Nov 12, 2026, 10:42:00 am PST">10:42 am</time>',
            page,
        )
        self.assertIn("6 min ago", page)

    def test_a_day_changes_at_the_midnight_of_the_business(self):
        self.assertIn("3 h ago", self.when(NOW - timedelta(hours=3)))
        self.assertIn("yesterday", self.when(NOW - timedelta(hours=11)))

    def test_older_than_yesterday_is_a_date(self):
        self.assertIn("Nov 3", self.when(NOW - timedelta(days=9)))
        self.assertIn("Nov 12, 2025", self.when(NOW - timedelta(days=365)))

    def test_one_line_forms(self):
        self.assertIn("Nov 12, 10:48 am", self.when(NOW, "full"))
        self.assertNotIn("sub", self.when(NOW, "clock"))

    def test_in_a_list_parted_by_days_only_today_says_how_long_ago(self):
        self.assertIn("3 h ago", self.when(NOW - timedelta(hours=3), "list"))
        self.assertNotIn("yesterday", self.when(NOW - timedelta(hours=11), "list"))
        self.assertIn("11:48 pm", self.when(NOW - timedelta(hours=11), "list"))

    def test_all_clocks_of_one_answer_show_one_moment(self):
        moments = [NOW, NOW + timedelta(seconds=1)]
        with mock.patch("django.utils.timezone.now", side_effect=moments):
            page = self.draw("{% clock at %}{% include inner %}", at=NOW, inner=self.inner("{% clock at %}"))
        self.assertEqual(page.count(">0:00<"), 2)

    def inner(self, source):
        return engines["django"].from_string(source).template

    def test_no_time_is_nothing(self):
        self.assertEqual(self.when(None).strip(), "")

    def test_lengths(self):
        self.assertEqual(
            self.draw("{{ 312|duration }} {{ 3725|duration }} {{ none|duration }}", none=None),
            "5:12 1:02:05 ",
        )
        self.assertEqual(
            self.draw("{{ 8|in_words }}, {{ 125|in_words }}, {{ 120|in_words }}"), "8 s, 2 min 5 s, 2 min"
        )


class FormTests(TagCase):
    def test_a_field_ties_label_help_and_errors_to_the_control(self):
        page = self.draw("{% field form.email %}", form=Example({"email": "x"}))
        self.assertIn('<label for="id_email">', page)
        self.assertIn('aria-invalid="true"', page)
        for part in ("id_email_helptext", "id_email_error"):
            self.assertRegex(page, f'aria-describedby="[^"]*{part}')
            self.assertIn(f'id="{part}"', page)

    def test_the_summary_links_to_the_fields(self):
        page = self.draw("{% error_summary form %}", form=Example({"email": "x"}))
        self.assertIn('href="#id_email"', page)
        self.assertIn('role="alert"', page)

    def test_the_summary_is_silent_before_anything_was_sent(self):
        self.assertEqual(self.draw("{% error_summary form %}", form=Example()).strip(), "")


class ListTests(TagCase):
    def test_the_pager_keeps_filters_and_changes_the_cursor(self):
        page = self.draw(
            "{% pager page %}", path="/?source=7&cursor=a", page=SimpleNamespace(newer="", older="b&c")
        )
        self.assertIn('href="?source=7&amp;cursor=b%26c"', page)
        self.assertNotIn("Newer", page)

    def test_one_page_has_no_pager(self):
        self.assertEqual(self.draw("{% pager page %}", page=SimpleNamespace(newer="", older="")).strip(), "")

    def test_a_chosen_filter_says_its_value_and_can_be_taken_off(self):
        source = Filter("source", "Source", [("7", "Yelp"), ("8", "Website")])
        page = self.draw("{% chip f %}", path="/?source=7&outcome=missed&cursor=a", f=source)
        self.assertIn("</span>Yelp</span>", page)
        self.assertIn('href="?outcome=missed"', page)
        self.assertIn('href="?outcome=missed&amp;source=8"', page)

    def test_a_tab_is_current_when_the_address_says_the_same(self):
        both = "{% tab 'All' outcome='' %}{% tab 'Missed' outcome='missed' %}"
        page = self.draw(both, path="/?outcome=missed")
        self.assertEqual(page.count("aria-current"), 1)
        self.assertIn('href="?outcome=missed" aria-current="page"', page)

    def test_the_menu_leaves_out_pages_that_are_not_installed(self):
        self.assertEqual(self.draw("{% nav_item 'no-such-page' 'Nothing' 'plug' %}").strip(), "")


class BoxTests(TagCase):
    def test_boxes_escape_their_titles_and_keep_their_content(self):
        page = self.draw("{% card title %}<b>kept</b>{% endcard %}", title="<i>")
        self.assertIn("&lt;i&gt;", page)
        self.assertIn("<b>kept</b>", page)

    def test_an_entry_without_text_has_no_box(self):
        self.assertNotIn("box", self.draw("{% entry 'missed' 'Missed call' at %}{% endentry %}", at=NOW))
