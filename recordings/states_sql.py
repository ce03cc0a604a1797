"""The triggers that keep `Call.recording_state` in step with the recordings of a call, whoever writes them.

It is the state of the recording that stands for all of them in a row (`Call.main_recording`): the last that is here,
else the last there is word of, else that nothing was recorded. Who changes a state has locked the call before.
"""

from django.db.migrations.operations import RunSQL


def tell_calls() -> RunSQL:
    """Write it down with every recording. One whose state stays costs a comparison."""
    return RunSQL(
        """
        CREATE OR REPLACE FUNCTION recordings_state_of_call(of_business uuid, of_call uuid) RETURNS varchar
        LANGUAGE sql STABLE AS $f$
          SELECT coalesce((
            SELECT state FROM recordings_recording WHERE business_id = of_business AND call_id = of_call
            ORDER BY state = 'stored' DESC, state <> 'absent' DESC, created_at DESC, id DESC LIMIT 1
          ), '')
        $f$;
        CREATE OR REPLACE FUNCTION recordings_tell_call() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN
          UPDATE telephony_call SET recording_state = recordings_state_of_call(business_id, id)
          WHERE business_id = coalesce(NEW.business_id, OLD.business_id) AND id IN (NEW.call_id, OLD.call_id)
          AND recording_state <> recordings_state_of_call(business_id, id);
          RETURN NULL;
        END $f$;
        CREATE OR REPLACE TRIGGER tell_call AFTER INSERT OR DELETE ON recordings_recording
          FOR EACH ROW EXECUTE FUNCTION recordings_tell_call();
        CREATE OR REPLACE TRIGGER tell_call_of_change AFTER UPDATE ON recordings_recording FOR EACH ROW
          WHEN (NEW.state <> OLD.state OR NEW.created_at <> OLD.created_at OR NEW.call_id <> OLD.call_id)
          EXECUTE FUNCTION recordings_tell_call();
        """,
        """
        DROP TRIGGER tell_call ON recordings_recording; DROP TRIGGER tell_call_of_change ON recordings_recording;
        DROP FUNCTION recordings_tell_call; DROP FUNCTION recordings_state_of_call;
        """,
    )


def leave_to_recordings() -> RunSQL:
    """Let nobody else write it: who saves a whole call has read it before its recordings changed."""
    return RunSQL(
        """
        CREATE OR REPLACE FUNCTION recordings_keep_state_of_call() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN
          NEW.recording_state := OLD.recording_state;
          RETURN NEW;
        END $f$;
        CREATE OR REPLACE TRIGGER keep_recording_state BEFORE UPDATE ON telephony_call FOR EACH ROW
          WHEN (NEW.recording_state <> OLD.recording_state AND pg_trigger_depth() = 0)
          EXECUTE FUNCTION recordings_keep_state_of_call();
        """,
        "DROP TRIGGER keep_recording_state ON telephony_call; DROP FUNCTION recordings_keep_state_of_call;",
    )
