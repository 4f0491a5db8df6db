"""The trust list: who runs which log, whose keys are whose, agreed by many and owned by nobody."""
