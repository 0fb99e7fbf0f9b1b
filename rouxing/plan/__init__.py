"""Plan identity, certificate, difference to the plan in force, fallback ladder."""
