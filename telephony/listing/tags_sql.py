"""The trigger that keeps `CallTag` in step with the tags of calls and with when they began, whoever writes them."""

from django.db.migrations.operations import RunSQL


def keep_call_tags() -> RunSQL:
    """Keep the rows of a call's tags. A call that has none, as every call that rings, costs a comparison."""
    return RunSQL(
        """
        CREATE FUNCTION telephony_keep_call_tags() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN
          IF TG_OP = 'UPDATE' THEN
            DELETE FROM telephony_calltag WHERE business_id = OLD.business_id AND call_id = OLD.id;
          END IF;
          INSERT INTO telephony_calltag (id, business_id, call_id, tag, started_at)
          SELECT gen_random_uuid(), NEW.business_id, NEW.id, tag, NEW.started_at
          FROM unnest(NEW.tags) tag ON CONFLICT DO NOTHING;
          RETURN NULL;
        END $f$;
        CREATE TRIGGER keep_tags_of_new AFTER INSERT ON telephony_call
          FOR EACH ROW WHEN (NEW.tags <> '{}') EXECUTE FUNCTION telephony_keep_call_tags();
        CREATE TRIGGER keep_tags AFTER UPDATE ON telephony_call
          FOR EACH ROW WHEN (NEW.tags <> OLD.tags OR (NEW.started_at <> OLD.started_at AND NEW.tags <> '{}'))
          EXECUTE FUNCTION telephony_keep_call_tags();
        """,
        """
        DROP TRIGGER keep_tags_of_new ON telephony_call; DROP TRIGGER keep_tags ON telephony_call;
        DROP FUNCTION telephony_keep_call_tags;
        """,
    )
