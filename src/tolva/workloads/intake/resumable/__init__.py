"""Uploads that go on where they broke off: the tus protocol. Pieces lie in the store of files until all are here."""
