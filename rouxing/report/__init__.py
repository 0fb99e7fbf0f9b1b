"""What a person sees: the HTML report of a plan, store briefs, and tables for Prefect artifacts."""
