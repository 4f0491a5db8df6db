"""The log room: one append-only Merkle tree, told as C2SP tiles and as COSE receipts."""
