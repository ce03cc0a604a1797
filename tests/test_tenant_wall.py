"""The wall between businesses, as PostgreSQL has it: every table stands behind it, or here, with its reason.

What a migration forgot is read in the catalogue, so a new table needs no new test.
"""

from io import StringIO

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.db import Error, IntegrityError, ProgrammingError, connection, transaction
from django.db.models import ForeignKey

from audit.models import Entry
from audit.recording import record
from callcrm.lib.ids import uuid7
from callcrm.lib.tenancy import business_scope, current_scope, set_scope, system_scope
from leads.events import SourceChanged
from leads.models import Lead, Source
from tests.catalogue import OUTSIDE, as_owner, rows, tables, tenant_models, tenant_tables
from tests.everything import one_of_everything

KEYS = """
    SELECT c.conname, c.conrelid::regclass::text, c.confrelid::regclass::text, f.attname, t.attname
    FROM pg_constraint c, unnest(c.conkey, c.confkey) AS pair (ours, theirs), pg_attribute f, pg_attribute t
    WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
      AND f.attrelid = c.conrelid AND f.attnum = pair.ours AND t.attrelid = c.confrelid AND t.attnum = pair.theirs
"""
UNIQUE = """
    SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, i.indisprimary,
           array(SELECT CASE WHEN k.number = 0 THEN 'an expression' ELSE a.attname END
                 FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
                 LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY place)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace
"""
INVOKER = "security_invoker=true"
WALLS = """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, p.cmd, p.roles::text, p.qual, p.with_check
    FROM pg_class c LEFT JOIN pg_policies p ON p.tablename = c.relname AND p.schemaname = 'public'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""


@pytest.fixture
def both(world):
    """Everything, twice: acme's and the rival's."""
    return one_of_everything(world.acme, world.owner), one_of_everything(world.rival, world.rival_owner)


def columns(table):
    found = rows(
        "SELECT attname, attnotnull FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", table
    )
    return dict(found)


# --- What the catalogue says


def test_every_table_is_behind_the_wall_or_is_named_with_a_reason(db):
    assert tables() - set(OUTSIDE) == tenant_tables()
    assert set(OUTSIDE) <= tables()


def test_the_wall_of_every_table_is_enabled_forced_and_the_only_one(db):
    for table, enabled, forced, command, roles, reads, writes in rows(WALLS):
        if table not in OUTSIDE:
            assert (enabled, forced, command, roles) == (True, True, "ALL", "{public}"), table
            assert reads == writes, table
            assert "business_id = ANY" in reads, table
            assert "app.business_ids" in reads, table
            assert " or " not in reads.lower(), table


def test_every_row_behind_the_wall_has_a_business(db):
    for table in tenant_tables():
        assert columns(table).get("business_id") is True, table


def test_every_table_with_a_business_is_behind_the_wall_or_is_named(db):
    with_business = {table for table in tables() if "business_id" in columns(table)}
    assert with_business - tenant_tables() <= set(OUTSIDE)
    assert tenant_tables() <= with_business


def test_no_key_between_rows_of_businesses_can_cross_to_another(db):
    pairs = {}
    for name, ours, theirs, column, target in rows(KEYS):
        pairs.setdefault((name, ours, theirs), set()).add((column, target))
    between = {key for key in pairs if all("business_id" in columns(table) for table in key[1:])}
    assert {("business_id", "business_id") in pairs[key] for key in between} == {True}
    assert len(between) >= 17, "the query finds the ties"


def test_every_foreign_key_of_a_model_is_held_by_postgresql(db):
    held = {(ours, column, theirs) for _, ours, theirs, column, _ in rows(KEYS)}
    for model in tenant_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey):
                assert (model._meta.db_table, field.column, field.related_model._meta.db_table) in held, field


def test_every_unique_index_of_a_business_begins_with_it(db):
    """Else an insert that is refused tells of a row that nobody may see."""
    behind = tenant_tables()
    found = [
        (name, cols) for name, table, primary, cols in rows(UNIQUE) if table in behind and cols != ["id"]
    ]
    assert {cols[0] for _, cols in found} == {"business_id"}, found
    assert len(found) > len(behind)


def test_the_role_in_use_owns_nothing_and_bypasses_nothing(db):
    [(role, is_super, bypasses, makes_roles)] = rows(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    assert (role, is_super, bypasses, makes_roles) == ("callcrm_app", False, False, False)
    assert rows("SELECT relname FROM pg_class WHERE relowner = current_user::regrole") == []
    assert rows("SELECT roleid FROM pg_auth_members WHERE member = current_user::regrole") == []


def test_no_function_runs_with_more_rights_than_its_caller(db):
    found = rows("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef")
    assert found == []


def test_views_ask_as_whoever_looks(db):
    views = rows(
        "SELECT relname, relkind, reloptions FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('v', 'm')"
    )
    asking_as_owner = [n for n, kind, options in views if kind == "m" or INVOKER not in (options or [])]
    assert asking_as_owner == []


# --- What stands in it


def test_there_is_a_row_of_every_model_to_try_this_with(both, world):
    with world.inside():
        assert [model for model in tenant_models() if not model._default_manager.exists()] == []


def test_outside_a_scope_a_query_sees_nothing(both):
    for model in tenant_models():
        assert not model._default_manager.exists(), model
        assert rows(f'SELECT count(*) FROM "{model._meta.db_table}"') == [(0,)]  # noqa: S608  # our name


def test_inside_a_scope_a_query_without_a_filter_sees_one_business(both, world):
    for inside, other in ((world.acme, world.rival), (world.rival, world.acme)):
        with world.inside(inside):
            for model in tenant_models():
                seen = set(model._default_manager.values_list("business_id", flat=True))
                assert seen == {inside.pk}, model
                assert other.pk not in seen


def test_a_row_of_the_rival_cannot_be_changed_or_deleted(both, world):
    with world.inside():
        for model in tenant_models():
            theirs = model._base_manager.filter(business_id=world.rival.pk)
            assert theirs.update(business_id=world.rival.pk) == 0, model
            assert theirs._raw_delete("default") == 0, model
    with world.inside(world.rival):
        assert all(model._default_manager.exists() for model in tenant_models())


def test_a_row_cannot_be_given_to_the_rival(both, world):
    for model in tenant_models():
        with world.inside(), pytest.raises(ProgrammingError, match="row-level security"):
            model._base_manager.filter(business_id=world.acme.pk).update(business_id=world.rival.pk)


def test_a_row_cannot_be_made_for_the_rival(world):
    with world.inside(), pytest.raises(ProgrammingError, match="row-level security"):
        Source.objects.create(business=world.rival, name="Planted")


def ties():
    for model in tenant_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.column != "business_id":
                target = field.related_model
                if any(column.column == "business_id" for column in target._meta.concrete_fields):
                    yield model, field


def _point(mine, field, theirs):
    assert mine.update(**{field.attname: theirs.pk})
    rows("SET CONSTRAINTS ALL IMMEDIATE")


def test_no_row_can_point_at_one_of_the_rival(both, world):
    tried = 0
    for model, field in ties():
        with world.inside(world.rival):
            theirs = field.related_model._base_manager.filter(business_id=world.rival.pk).first()
        with world.inside():
            ours = model._base_manager.filter(business_id=world.acme.pk).first()
        with pytest.raises(IntegrityError, match="foreign key"), world.inside():
            _point(model._base_manager.filter(pk=ours.pk), field, theirs)
        tried += 1
    assert tried >= 15


# --- Scopes


def test_a_scope_inside_a_scope_puts_the_outer_one_back(both, world):
    def seen():
        return set(Lead.objects.values_list("business_id", flat=True))

    with world.inside():
        with world.inside(world.rival):
            assert seen() == {world.rival.pk}
        assert seen() == {world.acme.pk}
        with pytest.raises(ValueError, match="undone"), world.inside(world.rival):
            raise ValueError("undone")
        assert seen() == {world.acme.pk}
        with pytest.raises(Error), world.inside(world.rival):
            rows("SELECT 1 / 0")
        assert seen() == {world.acme.pk}
        with system_scope("both, for the test", [world.acme.pk, world.rival.pk]):
            assert seen() == {world.acme.pk, world.rival.pk}
        assert (seen(), current_scope()) == ({world.acme.pk}, (world.acme.pk,))
    assert (seen(), current_scope()) == (set(), ())


def test_a_scope_without_a_business_sees_nothing(both):
    with business_scope():
        assert not Lead.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_scope_ends_with_its_transaction_and_needs_one():
    with business_scope(uuid7()):
        assert rows("SELECT current_setting('app.business_ids', true) <> ''") == [(True,)]
    assert rows("SELECT coalesce(current_setting('app.business_ids', true), '')") == [("",)]
    with pytest.raises(RuntimeError, match="open transaction"):
        set_scope([uuid7()])


def test_a_scope_takes_ids_and_nothing_else(db):
    with pytest.raises(ValueError, match="badly formed"), business_scope("all"):
        pass


# --- The guard at the start


def test_a_role_that_bypasses_the_wall_fails_the_system_check(db):
    assert _bypassing() == []
    with as_owner():
        [(bypasses,)] = rows("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert bypasses, "the tests' own login is a superuser"
        [found] = _bypassing()
        assert found.is_serious()
        assert found.id.startswith("callcrm.E0")
        with pytest.raises(CommandError, match=found.id):
            call_command("check", databases=["default"], stdout=StringIO(), stderr=StringIO())


def _bypassing():
    found = run_checks(tags=[Tags.database], databases=["default"])
    return [one for one in found if "row level security" in one.msg]


# --- History


CHANGES = ("UPDATE audit_entry SET name = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry")


@pytest.mark.parametrize("sql", CHANGES)
def test_history_is_changed_by_nobody(world, sql):
    record(SourceChanged(source_id=world.source.pk, act="added"), by=None, business_id=world.acme.pk)
    before = Entry.objects.count()
    assert before
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        rows(sql)
    with as_owner():
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            rows(sql)
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            rows(sql.replace("TRUNCATE audit_entry", "TRUNCATE audit_entry CASCADE"))
    assert Entry.objects.count() == before


def test_the_application_cannot_lift_the_guard_of_history(world):
    for sql in (
        "ALTER TABLE audit_entry DISABLE TRIGGER no_change",
        "DROP TRIGGER no_change ON audit_entry",
        "ALTER TABLE leads_lead NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON leads_lead",
        "SET session_replication_role = replica",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            rows(sql)


def test_history_in_python_says_no_first(world):
    entry = Entry.objects.latest("at")
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    with pytest.raises(TypeError):
        Entry.objects.all().delete()
    with pytest.raises(TypeError):
        Entry.objects.update(name="x")
    assert connection.in_atomic_block
