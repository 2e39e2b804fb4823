"""The comparison: from the people table, the cascades table and the ledger to the answer."""
