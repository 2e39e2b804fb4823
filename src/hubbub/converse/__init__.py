"""The fold by person: turns and exchanges, modes and origin, what lasted, what it was worth."""
