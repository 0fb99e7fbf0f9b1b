"""Stock to stores, people to half hours, and what a store can hand over in a day. Pure frames in, frames out."""
