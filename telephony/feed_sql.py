"""The trigger behind the live feed: a frame that is committed is told, one that is rolled back never was."""

from django.db.migrations.operations import RunSQL


def notify_of_frames() -> RunSQL:
    """Notify `callcrm_live` of every inserted frame, with what `telephony.feed` says that it holds."""
    return RunSQL(
        """
        CREATE FUNCTION telephony_tell_frame() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN
          PERFORM pg_notify('callcrm_live', json_build_object(
            'cursor', NEW.id, 'business', NEW.business_id, 'kind', NEW.kind, 'id', NEW.object_id,
            'state', NEW.state, 'at', to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text);
          RETURN NULL;
        END $f$;
        CREATE TRIGGER tell_frame AFTER INSERT ON telephony_feedframe
          FOR EACH ROW EXECUTE FUNCTION telephony_tell_frame();
        """,
        "DROP TRIGGER tell_frame ON telephony_feedframe; DROP FUNCTION telephony_tell_frame;",
    )
