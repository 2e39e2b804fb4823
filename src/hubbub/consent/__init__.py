"""Who may be contacted, for what, how often and when: pure rules over the events of consent."""
