"""What a number did by its settings becomes its first flow: the notice, everybody's telephone, then the sentence."""

from typing import Any

from django.db import migrations

SORRY = "Thank you for calling. We are sorry that nobody can take your call right now. Please call again."
GOODBYE = {"kind": "sentence", "text": SORRY}


def make_flows(apps: Any, editor: Any) -> None:
    """Business by business, because the wall holds the owner of the tables as well."""
    businesses = apps.get_model("accounts", "Business").objects.values_list("pk", flat=True)
    for business_id in list(businesses):
        editor.execute("SELECT set_config('app.business_ids', %s, true)", [str(business_id)])
        for number in apps.get_model("telephony", "TrackingNumber").objects.filter(business_id=business_id):
            _publish(apps, number)
    editor.execute("SELECT set_config('app.business_ids', '', true)")
    editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the columns below can go only when nothing is pending


def _publish(apps: Any, number: Any) -> None:
    version = apps.get_model("telephony", "FlowVersion").objects.create(
        business_id=number.business_id, number_id=number.pk, version=1, document=_document(number)
    )
    number.published_id = version.pk
    number.save(update_fields=["published"])
    calls = apps.get_model("telephony", "Call").objects.filter(
        business_id=number.business_id, number_id=number.pk
    )
    told = number.notice.strip() if number.records else ""
    calls.update(flow_id=version.pk, records=bool(told), notice=told, notice_language="en-US" if told else "")


def _document(number: Any) -> dict[str, Any]:
    told = number.notice.strip() if number.records else ""
    steps: dict[str, Any] = {"sentence": GOODBYE}
    start = "sentence"
    if number.forward_to:
        ring = {"kind": "ring", "to": number.forward_to, "seconds": number.ring_seconds, "record": bool(told)}
        steps["ring"] = ring | {"no_answer": "sentence"}
        start = "ring"
        if told:
            steps["greeting"] = {"kind": "greeting", "notice": told, "next": "ring"}
            start = "greeting"
    return {"start": start, "steps": steps}


class Migration(migrations.Migration):
    dependencies = [("telephony", "0004_flows")]

    operations = [
        migrations.RunPython(make_flows, migrations.RunPython.noop),
        migrations.RemoveField("trackingnumber", "notice"),
        migrations.RemoveField("trackingnumber", "records"),
        migrations.RemoveField("trackingnumber", "ring_seconds"),
    ]
