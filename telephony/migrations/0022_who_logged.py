"""Who logged a call by hand: who missed one has not taken it. Of calls of before, the agent has logged them."""

import django.db.models.deletion
from django.db import migrations, models

from callcrm.lib.rls import tie


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_ask_why_played"),
        ("leads", "0003_note_drafts"),
        ("telephony", "0021_problem_members"),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="logged_by",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                help_text="Who logged it by hand.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="accounts.member",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("logged_by__isnull", False)),
                fields=["business", "logged_by"],
                name="telephony_call_logged",
            ),
        ),
        tie("telephony_call", "logged_by_id", "accounts_member", on_delete="SET NULL"),
    ]
