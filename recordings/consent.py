"""May a recording be kept? Only of people who were told; what is refused here is never fetched.

Who leaves a message speaks into a recorder and knows it. A call is recorded after a notice, which the call holds. Of a
call whose beginning has not been heard of yet nobody knows: it is asked again before anybody listens.
"""

from recordings.models import Recording


def may_keep(recording: Recording) -> bool:
    """Say whether the caller was told before he was recorded."""
    if recording.kind == Recording.Kind.VOICEMAIL:
        return True
    return bool(recording.call.notice) or recording.call.flow_id is None
