"""Static files in production: compressed, and under names that change with what is in them.

Scripts import each other by their plain names. The storage writes the names with a hash into them, which Django does
only when asked: without it a browser would keep a module of the last release beside the scripts of this one.
"""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Statics(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    support_js_module_import_aggregation = True
