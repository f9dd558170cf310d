"""The token: what follows when the server does not know it, when it is changed, and that it is never shown."""

from tests.host.station import ONE_READING, Station


def test_a_wrong_token_stops_everything_and_is_tried_again_after_an_hour(tmp_path, crowded_sandbox):
    station = Station(tmp_path, crowded_sandbox, token="unknown-to-the-server")
    script = (
        ONE_READING + "result = client.upload()\nsay(result.waiting, result.retry_after_s)\nboard.clock.wait(3600000)\n"
    )
    said = station.run(script + "say(outcome(client.upload()))\nsay(client.stats()['stopped'])")
    assert said == [
        ["InvalidToken", 400, 0, 1],
        [0, 0, 0, 0, 0, 1],
        ["backoff", 3600],
        ["InvalidToken", 400, 0, 1],
        2,
    ]


def test_a_changed_token_forgets_the_learned_size_and_region(station, crowded_sandbox):
    said = station.run(
        """
        client = board.boot()
        client.uploader()
        client.ring.set(35, (5, 0))
        client.ring.save_value(0xA0, b"http://127.0.0.1:1")
        log_many(20)
        say(outcome(client.upload())[0])
        client = board.boot(token=arguments["token"])
        result = client.upload()
        say(outcome(result), result.requests)
        """,
        token=next(crowded_sandbox.free_tokens),
    )
    assert said == ["NetworkError", [[None, 0, 20, 0], 1]]


def test_the_servers_words_are_in_the_error_but_never_the_token(station):
    text = '{"error":{"message":"no such thing: %s"}}' % station.token
    station.fault("reply", status=400, body=text, count=1)
    said = station.run(
        """
        client = board.boot(debug=print)
        client.log(1, 1)
        say(str(client.upload().error))
        say(client.stats()["last_error"])
        """
    )  # run() itself looks for the token in all that was printed
    assert said == ["the server answered 400: no such thing: ..."] * 2
