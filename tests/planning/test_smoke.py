def test_meter(world, make):
    meter = make("Meter", "tokens", {"eventType": "prompt", "aggregation": "SUM", "valueProperty": "$.tokens"})
    made = world.plan(meter)
    print(made)
    world.apply(meter)
    again = world.plan(meter)
    print(again)
    assert again.is_empty
