"""Flags of a linked row: what the folds by person and by cascade need to know of it, in one word of 32 bits."""

from __future__ import annotations

TYPE_BITS = 0xF  # the code of the activity's type
BRAND = 1 << 4  # the brand's row, standing in the fold of the person addressed
TURN = 1 << 5  # words that enter the turns of the person with the brand
SPREAD = 1 << 6  # `via` follows a share or words of another person
TOUCHES_BRAND = 1 << 7  # `via`, `in_reply_to` or `object` follows something of the brand, or names its handle
SPOKE = 1 << 8  # the person's words addressed to the brand
HIDDEN = 1 << 9  # a share whose parent the network hides
HAS_VIA = 1 << 10
AUTOMATED = 1 << 11
HUMAN = 1 << 12
MADE = 1 << 13  # a post about the brand
IN_BRAND_THREAD = 1 << 14  # words in a thread in which the brand speaks
REFUND = 1 << 15
VALUED = 1 << 16  # a conversion whose value counts
EARLY = 1 << 17  # within 30 days of the start of its channel's coverage
UNDONE = 1 << 18
ANSWERED = 1 << 19  # words that words of the brand answer
ORPHAN = 1 << 20  # a share whose `via` cannot be followed
HAS_REPLY = 1 << 21
HAS_CONTEXT = 1 << 22
NAMES_BRAND = 1 << 23  # `object` is a handle of the brand
REPLY_ORPHAN = 1 << 24  # an `in_reply_to` that cannot be followed
