"""ESP32-DevKitC (WROOM-32): which terminal of the carrier is which GPIO.

hardware/pinout.csv is the same table for people; a test keeps the two alike.
Left free: 0, 2, 12 (read at start, a contact there could stop the boot), 6 to 11 (flash),
1 and 3 (the console on USB). 5 and 15 are read at start too, where a bus at rest is as they want it.
34, 35, 36 and 39 have no pull-up: they are analogue inputs of supervised loops, which bring their own.
"""

LINK = {"uart": 2, "tx": 17, "rx": 16}

READERS = {
    "RD1": {"uart": 1, "tx": 4, "rx": 13},
}

BUSES = {
    "PANEL": {"i2c": 0, "sda": 15, "scl": 5},
}

TERMINALS = {
    "IN1": 14,
    "IN2": 18,
    "IN3": 19,
    "IN4": 21,
    "IN5": 22,
    "IN6": 23,
    "AIN1": 34,
    "AIN2": 35,
    "AIN3": 36,
    "AIN4": 39,
    "OUT1": 25,
    "OUT2": 26,
    "OUT3": 27,
    "OUT4": 32,
    "LED1": 33,
}
