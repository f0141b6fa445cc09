"""hardware/pinout.csv against the pins the firmware uses, and both against what the chips allow."""

import csv
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOARDS = ("rp2040", "esp32")

# Not for contacts or locks, and why; from the chips' data sheets.
FORBIDDEN = {
    "rp2040": {23: "power", 24: "VBUS sense", 25: "LED", 29: "VSYS sense"},
    "esp32": {
        **dict.fromkeys((0, 2, 5, 12, 15), "read at start"),
        **dict.fromkeys((1, 3), "console"),
        **dict.fromkeys(range(6, 12), "flash"),
        **dict.fromkeys((37, 38), "not led out"),
    },
}
# Converters that work beside everything else: the RP2040 has these three; of the ESP32 those of ADC1 (ADC2 is the radio's).
ADC = {"rp2040": (26, 27, 28), "esp32": tuple(range(32, 40))}
# Read at start too, but the chip pulls them up then, as the resistors of an I2C bus do; low they change the timing of SDIO and
# silence the boot log, and stop no boot (data sheet, table of strapping pins).
I2C_ALLOWED = {"rp2040": (), "esp32": (5, 15)}
PULL_UP_MISSING = {"rp2040": (), "esp32": tuple(range(34, 40))}
# The UART pins each RP2040 UART can be led to (data sheet, table of GPIO functions).
RP2040_TX = {0: (0, 12, 16, 28), 1: (4, 8, 20, 24)}
RP2040_SDA = {0: (0, 4, 8, 12, 16, 20), 1: (2, 6, 10, 14, 18, 26)}
RP2040_SCL = {0: (1, 5, 9, 13, 17, 21), 1: (3, 7, 11, 15, 19, 27)}
RP2040_RX = {0: (1, 13, 17, 29), 1: (5, 9, 21, 25)}


def pins_of(board: str) -> dict:
    return runpy.run_path(str(ROOT / "firmware" / "boards" / board / "pins.py"))


def in_the_table(board: str) -> dict[str, tuple[int, str, str]]:
    with (ROOT / "hardware" / "pinout.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["board"] == board]
    assert len({row["terminal"] for row in rows}) == len(rows)
    return {row["terminal"]: (int(row["gpio"]), row["function"], row["direction"]) for row in rows}


def in_the_code(board: str) -> dict[str, tuple[int, str, str]]:
    pins = pins_of(board)
    expected = {}
    for name, place in [("LINK", pins["LINK"]), *pins["READERS"].items()]:
        expected[f"{name}.TX"] = (place["tx"], f"UART{place['uart']}", "output")
        expected[f"{name}.RX"] = (place["rx"], f"UART{place['uart']}", "input")
    for name, place in pins["BUSES"].items():
        expected[f"{name}.SDA"] = (place["sda"], f"I2C{place['i2c']}", "both")
        expected[f"{name}.SCL"] = (place["scl"], f"I2C{place['i2c']}", "output")
    for name, gpio in pins["TERMINALS"].items():
        if name.startswith("AIN"):
            expected[name] = (gpio, "ADC", "analogue input")
        else:
            expected[name] = (gpio, "GPIO", "input pull-up" if name.startswith("IN") else "output")
    return expected


@pytest.mark.parametrize("board", BOARDS)
def test_the_table_and_the_code_name_the_same_pins(board: str) -> None:
    assert in_the_table(board) == in_the_code(board)


@pytest.mark.parametrize("board", BOARDS)
def test_no_gpio_has_two_uses_and_none_is_one_the_board_needs(board: str) -> None:
    gpios = [gpio for gpio, _, _ in in_the_code(board).values()]
    assert sorted(set(gpios)) == sorted(gpios)
    lines = [gpio for gpio, function, _ in in_the_code(board).values() if function.startswith("I2C")]
    allowed = [gpio for gpio in lines if gpio in I2C_ALLOWED[board]]
    assert {gpio for gpio in gpios if gpio in FORBIDDEN[board]} == set(allowed)


@pytest.mark.parametrize("board", BOARDS)
def test_supervised_loops_are_on_converters_and_contacts_have_a_pull_up(board: str) -> None:
    for gpio, function, direction in in_the_code(board).values():
        assert function != "ADC" or gpio in ADC[board]
        assert direction != "input pull-up" or gpio not in PULL_UP_MISSING[board]


def test_the_uarts_of_the_rp2040_are_led_to_pins_they_reach() -> None:
    pins = pins_of("rp2040")
    for place in [pins["LINK"], *pins["READERS"].values()]:
        assert place["tx"] in RP2040_TX[place["uart"]]
        assert place["rx"] in RP2040_RX[place["uart"]]


def test_the_bus_of_the_rp2040_is_led_to_pins_it_reaches() -> None:
    for place in pins_of("rp2040")["BUSES"].values():
        assert place["sda"] in RP2040_SDA[place["i2c"]]
        assert place["scl"] in RP2040_SCL[place["i2c"]]


@pytest.mark.parametrize("board", BOARDS)
def test_the_line_and_each_reader_have_a_uart_of_their_own(board: str) -> None:
    pins = pins_of(board)
    uarts = [place["uart"] for place in [pins["LINK"], *pins["READERS"].values()]]
    assert len(set(uarts)) == len(uarts)
