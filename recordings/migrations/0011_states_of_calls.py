"""Every call says what became of its recording: of past ones now, and from now on whenever that changes.

First it is told, then past calls learn it, and then nobody else may write it: so no recording is missed between. Made
while calls come in: nothing is held for as long as it takes. Safe twice.
"""

from typing import Any

from django.db import migrations, transaction

from recordings.states_sql import leave_to_recordings, tell_calls

AT_ONCE = 2_000


def tell_past_calls(apps: Any, editor: Any) -> None:
    """Business by business, because the wall holds the owner of the tables as well."""
    businesses = apps.get_model("accounts", "Business").objects.values_list("pk", flat=True)
    for business_id in list(businesses):
        while _tell_some(editor.connection, business_id):
            pass


def _tell_some(connection: Any, business_id: Any) -> int:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.business_ids', %s, true)", [str(business_id)])
        cursor.execute(
            """
            UPDATE telephony_call SET recording_state = recordings_state_of_call(business_id, id)
            WHERE business_id = %s AND id IN (
              SELECT r.call_id FROM recordings_recording r JOIN telephony_call c ON c.id = r.call_id
              WHERE r.business_id = %s AND c.business_id = %s AND c.recording_state = '' LIMIT %s
            )
            """,
            [business_id, business_id, business_id, AT_ONCE],
        )
        return int(cursor.rowcount)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("recordings", "0010_note_changed"), ("telephony", "0027_call_recording_indexes")]

    operations = [
        tell_calls(),
        migrations.RunPython(tell_past_calls, migrations.RunPython.noop),
        leave_to_recordings(),
    ]
