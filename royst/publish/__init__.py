"""From a release to what people read: reports, tables, site. Knows a ``Release`` and nothing behind it."""
