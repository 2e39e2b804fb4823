"""Files become a validated, columnar log: what was read, what was refused and why, segments, engines."""
