"""Telling receivers how batches ended: who wants to know, what is sent, and the sending itself."""
