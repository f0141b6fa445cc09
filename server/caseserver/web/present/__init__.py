"""From the state of an area to views: what the rules and the log say, put into the reader's words. Pure functions."""
