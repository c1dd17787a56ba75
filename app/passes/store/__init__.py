"""The store of passes: SQLite in a folder, or PostgreSQL. Imported only where it is switched on."""
