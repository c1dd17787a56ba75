"""Lists of plates: who is expected, looked for or left alone; and passes that show one."""
