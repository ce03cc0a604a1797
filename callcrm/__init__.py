"""callcrm: the top of the import chain; nobody imports what lives here except settings, lib and errors."""
