"""Two businesses with thousands of rows each, and the plans by which PostgreSQL reads them."""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts.models import Business, Member
from callcrm.lib.tenancy import business_scope
from callcrm.testing import World, add_call, add_leg, add_message
from leads import index
from leads.models import Lead, LeadPhone, LeadToken, fresh_lead
from telephony.models import Call, Callback, CallbackMiss, CallLeg, Message
from tests.catalogue import as_owner, rows, tenant_tables

PEOPLE, EACH = 600, 8  # calls of every person; texts and entries of the history are as many as calls
MANY = 500  # a table with more rows is never read from its beginning to its end
NAMES = (
    ("Maya", "Ben", "Priya", "Tom", "Joanna", "Dana", "Omar", "Lena"),
    ("Ortiz", "Whitlock", "Nair", "Okafor"),
)


def fill(business: Business, member: Member) -> None:
    """Give a business its people, and everybody calls and texts."""
    people = list(_people(business, member))
    with business_scope(business.pk):
        Lead.objects.bulk_create(lead for lead, _ in people)
        LeadPhone.objects.bulk_create(phone for _, phone in people)
        tokens = (index.rows(lead, [_number(n)], name=_name(n)) for n, (lead, _) in enumerate(people))
        LeadToken.objects.bulk_create(row for found in tokens for row in found)
    call = add_call(business, people[0][0], phone=people[0][1])
    leg, message = add_leg(call), add_message(business, people[0][0], phone=people[0][1])
    _multiply(Call, call, CALLS | {"agent_id": f"CASE WHEN n %% 3 = 0 THEN '{member.pk}'::uuid END"})
    _multiply(Message, message, MESSAGES)
    _multiply(CallLeg, leg, LEGS)
    with business_scope(business.pk):
        debt = Callback.objects.create(lead=people[0][0], **_debt(business, member))
    _multiply(
        Callback, debt, DEBTS | {"assigned_to_id": f"CASE WHEN n %% 3 = 0 THEN '{member.pk}'::uuid END"}
    )
    with business_scope(business.pk):
        miss = CallbackMiss.objects.create(
            business=business, callback=debt, call=call, kind="missed", at=now()
        )
    _multiply(CallbackMiss, miss, MISSES)
    _history(business, member)


def _debt(business: Business, member: Member) -> dict[str, Any]:
    then = now()
    closed = {"closed_at": then, "reason": "other", "closed_by": member}
    return {
        "business": business,
        "opened_at": then,
        "due_at": then,
        "last_missed_at": then,
        "misses": 1,
    } | closed


def analyze() -> None:
    """Let PostgreSQL look at what there is, as autovacuum would; at our tables, for all databases share some others."""
    with as_owner():
        rows(f"ANALYZE {', '.join(connection.introspection.table_names())}")


def big_tables() -> set[str]:
    count = "SELECT count(*) FROM {}"
    with as_owner():
        return {one for one in (*tenant_tables(), "audit_entry") if rows(count.format(one))[0][0] > MANY}


def _people(business: Business, member: Member) -> Iterator[tuple[Lead, LeadPhone]]:
    for n in range(PEOPLE):
        status = Lead.Status.values[n % 6]
        lead = fresh_lead(
            business.pk, name=_name(n), status=status, assigned_to=member if n % 4 == 0 else None
        )
        yield lead, LeadPhone(business=business, lead=lead, number=_number(n))


def _name(n: int) -> str:
    return f"{NAMES[0][n % 8]} {NAMES[1][n // 8 % 4]}"


def _number(n: int) -> str:
    return f"+1{201 + n // 100}55501{n % 100:02}"


# What differs from row to row: `n` counts them, `person` is one of the people of the business.
CALLS = {
    "id": "gen_random_uuid()",
    "provider_id": "'CA' || md5(n::text)",
    "lead_id": "person.lead_id",
    "phone_id": "person.id",
    "started_at": "now() - n * interval '7 minutes'",
    "outcome": "(ARRAY['answered', 'voicemail', 'missed', 'abandoned'])[1 + n %% 4]",
    "direction": "CASE WHEN n %% 5 = 0 THEN 'outbound' ELSE 'inbound' END",
    "first_time_caller": "n %% 3 = 0",
    "after_hours": "n %% 900 = 0",
    "state": "CASE WHEN n %% 900 = 0 THEN 'busy' ELSE 'completed' END",
    "talk_seconds": "CASE WHEN n %% 900 = 0 THEN 900 ELSE n %% 100 END",
    "tags": "CASE WHEN n %% 900 = 0 THEN ARRAY['rare', 'leak'] WHEN n %% 2 = 0 THEN ARRAY['leak'] ELSE '{}' END",
    "disposition": "CASE WHEN n %% 900 = 1 THEN NULL WHEN n %% 900 = 0 THEN 'Rare' ELSE 'Booked' END",
    "recording_state": "CASE WHEN n %% 900 = 0 THEN 'failed' WHEN n %% 900 = 1 THEN 'stored' ELSE '' END",
    "note": "NULL",
}
MESSAGES = {name: CALLS[name] for name in ("id", "lead_id", "phone_id")} | {
    "provider_id": "'SM' || md5(n::text)",
    "created_at": "now() - n * interval '11 minutes'",
    "body": "NULL",
}
# Everybody is owed one call, and was owed others before.
DEBTS = {
    "id": "gen_random_uuid()",
    "lead_id": "person.lead_id",
    "opened_at": "now() - n * interval '7 minutes'",
    "due_at": "now() - (n - 20) * interval '7 minutes'",
    "misses": "1 + n %% 4",
    "closed_at": f"CASE WHEN n >= {PEOPLE} THEN now() - n * interval '5 minutes' END",
    "reason": f"CASE WHEN n >= {PEOPLE} THEN 'other' ELSE '' END",
    "closed_by_id": f"CASE WHEN n >= {PEOPLE} THEN t.closed_by_id END",
}
# One try of everybody belongs to his open debt, the others to one that is closed.
MISSES = {
    "id": "gen_random_uuid()",
    "call_id": """(SELECT c.id FROM telephony_call c
                   WHERE c.business_id = t.business_id AND c.provider_id = 'CA' || md5(n::text))""",
    "callback_id": f"""(SELECT b.id FROM telephony_callback b
                        WHERE b.business_id = t.business_id AND b.lead_id = person.lead_id
                        AND (b.closed_at IS NULL) = (n < {PEOPLE}) LIMIT 1)""",  # noqa: S608  # a number of ours
}
LEGS = {
    "id": "gen_random_uuid()",
    "provider_id": "'CA' || md5('leg' || n)",
    "call_id": """(SELECT c.id FROM telephony_call c
                   WHERE c.business_id = t.business_id AND c.provider_id = 'CA' || md5(n::text))""",
}


def _multiply(model: type[models.Model], row: models.Model, differing: dict[str, str]) -> None:
    """Insert many rows like one, in one statement."""
    columns = [field.column for field in model._meta.concrete_fields]
    values = ", ".join(differing.get(str(column), f't."{column}"') for column in columns)
    table, names = model._meta.db_table, ", ".join(f'"{column}"' for column in columns)
    sql = f"""
        WITH person AS (SELECT id, lead_id, row_number() OVER (ORDER BY id) AS place FROM leads_leadphone
                        WHERE business_id = %s)
        INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, generate_series(1, {PEOPLE * EACH}) n
        JOIN person ON person.place = 1 + n %% {PEOPLE} WHERE t.id = %s
    """  # noqa: S608  # our names
    with as_owner():
        rows(sql, row.business_id, row.pk)  # type: ignore[attr-defined]  # of a tenant


def _history(business: Business, member: Member) -> None:
    sql = f"""
        INSERT INTO audit_entry (id, business_id, at, name, actor, subject_id, data, request_id)
        SELECT gen_random_uuid(), %s, now() - n * interval '3 minutes',
               (ARRAY['call.ringing', 'call.ended', 'lead.revealed'])[1 + n %% 3],
               CASE WHEN n %% 4 = 0 THEN %s ELSE 'provider:twilio' END,
               (SELECT c.lead_id FROM telephony_call c
                WHERE c.business_id = %s AND c.provider_id = 'CA' || md5(n::text)), '{{}}', ''
        FROM generate_series(1, {PEOPLE * EACH}) n
    """  # noqa: S608  # a number of ours
    with as_owner():
        rows(sql, business.pk, member.audit_actor, business.pk)


# --- Plans


def plans(ask: Any, world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every question that is asked of the database meanwhile, with the plan it is answered by."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    for sql in dict.fromkeys(query["sql"] for query in captured.captured_queries):
        if sql.startswith("SELECT") and ' FROM "' in sql:
            with world.inside():
                yield sql, explain(sql)


def explain(sql: str, *values: Any) -> dict[str, Any]:
    words = sql if values else sql.replace("%", "%%")
    [(found,)] = rows(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF, COSTS OFF) {words}", *values)
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def read_whole(plan: dict[str, Any], big: set[str]) -> list[str]:
    """The big tables that a plan reads from beginning to end."""
    return [
        node["Relation Name"]
        for node in nodes(plan)
        if node["Node Type"].endswith("Seq Scan") and node["Relation Name"] in big
    ]


def examined(plan: dict[str, Any], big: set[str]) -> int:
    """How many rows of big tables were looked at."""
    removed = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    looked_at = [
        (node["Actual Rows"] + sum(node.get(name, 0) for name in removed)) * node["Actual Loops"]
        for node in nodes(plan)
        if node.get("Relation Name") in big
    ]
    return round(float(sum(looked_at)))
