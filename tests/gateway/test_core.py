from tests.gateway.bench import Bench


def started(**options: object) -> Bench:
    bench = Bench(**options)
    bench.open()
    bench.node.power_up()
    bench.run(3_000)
    return bench


def test_door_that_opens_at_the_node_is_a_fact_in_the_log_and_acked() -> None:
    bench = started()
    bench.node.level(1, 1)
    bench.run(200)
    opened = bench.facts("door.opened")
    print(bench.types(), bench.types(leaf_class="output"))
    assert opened[-1]["body"] == {"door": "gate"}
    assert len(bench.node.node.link.queue) == 0
