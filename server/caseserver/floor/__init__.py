"""The drawn plan of an area: what an administrator placed on it, its versions, and how it goes out. Display only: no rule reads it."""
