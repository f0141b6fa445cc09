"""The life of one alarm of a device, read a second time: from the words of ISA-18.2 and of docs/alarms.md, not from the tables.

An alarm is wrong or it is over; people see it, go, say what they did, and another looks. Its source may lie on a shelf
until a moment. Times are microseconds; nothing is imported.
"""

MINUTE, HOUR = 60_000_000, 3_600_000_000


class Life:
    """One alarm at a time of one device. `is_there`: somebody still has something to do about it."""

    def __init__(self, shelf_minutes_max=30, service_hours_max=24):
        self.shelf_minutes_max, self.service_hours_max = shelf_minutes_max, service_hours_max
        self.is_there = self.is_wrong = False
        self.seen = self.going = self.done = False
        self.doer = None
        self.lying, self.until = "", 0

    # what the device does

    def breaks(self):
        if not self.is_there:
            self.seen = self.going = self.done = False
        self.is_there = self.is_wrong = True

    def mends(self):
        self.is_wrong = False

    # what people do: True when it is let happen

    def act(self, what, who):
        if not self.is_there:
            return False
        nobody_yet = not (self.seen or self.going or self.done)
        if what == "taken":
            if self.done:
                return False
            self.going, self.seen = True, False
        elif what == "acknowledged":
            if self.done or self.seen:
                return False
            self.seen, self.going = True, False
        elif what == "rectified":
            if nobody_yet:
                return False
            self.done, self.seen, self.going, self.doer = True, False, False, who
        elif not self.done or self.is_wrong or who == self.doer:
            return False
        else:
            self.is_there = self.done = False
        return True

    def put_aside(self, what, count, now):
        if not self.is_there:
            return False
        if what == "shelved":
            if self.lying or count > self.shelf_minutes_max:
                return False
            self.lying, self.until = "shelved", now + count * MINUTE
        elif what == "removed_from_service":
            if self.lying == "out_of_service" or count > self.service_hours_max:
                return False
            self.lying, self.until = "out_of_service", now + count * HOUR
        elif self.lying != {"unshelved": "shelved", "returned_to_service": "out_of_service"}[what]:
            return False
        else:
            self.back()
        return True

    def time(self, now):
        if self.lying and self.until <= now:
            self.back()

    def back(self):
        """Whoever had only seen it has to see it again, while it is wrong."""
        self.lying = ""
        if self.is_wrong:
            self.seen = False

    # what is read

    def handling(self):
        if self.done:
            return "rectified"
        if self.going:
            return "taken"
        return "acknowledged" if self.seen else "unacknowledged"

    def word(self):
        if not self.is_there:
            return "normal"
        if self.done:
            return "fixed_awaiting_check"
        if self.lying:
            return self.lying
        if self.is_wrong:
            return self.handling()
        return "latched" if self.seen or self.going else "returned_unacknowledged"

    def may_sound(self):
        return self.is_there and self.is_wrong and self.word() == "unacknowledged"
