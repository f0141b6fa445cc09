"""How the machine's words are told from those of its kernel on the same line."""

MARK = "GPIO-VM "
