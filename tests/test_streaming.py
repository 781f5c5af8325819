import pytest

from fedi.streaming import Event, Hub


def test_listeners_hear_their_topic_in_order() -> None:
    hub = Hub()
    first: list[Event] = []
    second: list[Event] = []
    hub.subscribe("post", first.append)
    hub.subscribe("post", second.append)
    hub.publish([Event("post", 1), Event("other", 2), Event("post", 3, "data")])
    assert first == second == [Event("post", 1), Event("post", 3, "data")]


def test_who_has_ended_listening_hears_nothing() -> None:
    hub = Hub()
    heard: list[Event] = []
    end = hub.subscribe("post", heard.append)
    other = hub.subscribe("post", heard.append)
    end()
    hub.publish([Event("post", 1)])
    assert len(heard) == 1
    other()
    hub.publish([Event("post", 2)])
    assert len(heard) == 1


def test_one_listeners_fault_keeps_nothing_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    hub = Hub()
    heard: list[Event] = []

    def fails(event: Event) -> None:
        raise LookupError(event)

    hub.subscribe("post", fails)
    hub.subscribe("post", heard.append)
    hub.publish([Event("post", 1), Event("post", 2)])
    assert [event.id for event in heard] == [1, 2]
    assert "a listener of 'post' failed" in caplog.text


def test_a_listener_may_end_itself_while_it_is_told() -> None:
    hub = Hub()
    heard: list[int] = []

    def once(event: Event) -> None:
        heard.append(event.id)
        end()

    end = hub.subscribe("post", once)
    hub.subscribe("post", lambda event: heard.append(-event.id))
    hub.publish([Event("post", 1), Event("post", 2)])
    assert heard == [1, -1, -2]
