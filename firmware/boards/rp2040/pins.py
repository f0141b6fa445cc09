"""Raspberry Pi Pico (RP2040): which terminal of the carrier is which GPIO.

hardware/pinout.csv is the same table for people; a test keeps the two alike.
GP23, GP24, GP25 and GP29 serve the Pico board itself and stay free.
"""

LINK = {"uart": 0, "tx": 0, "rx": 1}

READERS = {
    "RD1": {"uart": 1, "tx": 4, "rx": 5},
}

BUSES = {
    "PANEL": {"i2c": 0, "sda": 20, "scl": 21},
}

TERMINALS = {
    "IN1": 6,
    "IN2": 7,
    "IN3": 8,
    "IN4": 9,
    "IN5": 10,
    "IN6": 11,
    "IN7": 12,
    "IN8": 13,
    "AIN1": 26,
    "AIN2": 27,
    "AIN3": 28,
    "OUT1": 16,
    "OUT2": 17,
    "OUT3": 18,
    "OUT4": 19,
    "LED1": 22,
}
