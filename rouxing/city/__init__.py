"""模拟城市: a simulated chain whose customers react, and its vendors' HTTP endpoints on loopback.

For the demo, for tests, and for trying a policy before stores see it. No stage imports it.

Where to read: ``world`` (the chain), ``marketing`` and ``seasons`` (how strong a day is), ``claims``, ``trade``,
``counter`` and ``supply`` (what people and goods do), ``day`` (one day, state in and state out), ``documents`` and
``tables`` (what the vendors hold of it), ``rows`` and ``master`` (how they write it), ``city`` (clock, days and
commands together), ``endpoints`` and ``server`` (HTTP).
"""
