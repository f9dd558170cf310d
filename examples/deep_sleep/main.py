import machine
import safety

safety.listen()  # a way out: for three seconds after power-on Ctrl-C stops the program
feed = safety.watchdog()
try:
    import wake

    wake.once(feed)
except Exception as e:  # a station that stays awake empties its battery
    print("failed:", e)
machine.deepsleep(safety.until_next_wake())
