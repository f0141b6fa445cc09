"""Who is called about an alarm until a human answers, by which way, and what became of it."""
