"""The points of difference: each claim about conversation and spread as numbers of both sides."""
