"""The temperature sensor inside the RP2040: nothing to wire."""

import machine

_CHANNEL = machine.ADC(machine.ADC.CORE_TEMP)


def temperature_c():
    """Degrees Celsius, by the formula in the RP2040's datasheet, chapter 4.9.5."""
    volts = _CHANNEL.read_u16() * 3.3 / 65535
    return round(27 - (volts - 0.706) / 0.001721, 1)
