"""模拟城市: a simulated chain whose customers react, and its vendors' HTTP endpoints on loopback.

For the demo, for tests, and for trying a policy before stores see it. No stage imports it.
"""
