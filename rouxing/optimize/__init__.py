"""Price-directed allocation and queue mathematics on plain arrays. Knows arrays, not stores."""
