"""``royst interviews``: one file a family of verbs. Opens the sub-study, calls ``royst.interviews`` and says what was done."""
