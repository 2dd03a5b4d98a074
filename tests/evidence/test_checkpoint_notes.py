"""Checkpoints: the published signed-note vector, and that only exact notes count as signed."""

from base64 import b64decode
from datetime import UTC, datetime

from evidence.domain.checkpoint import Checkpoint, LogKey, checkpoint_text, note_is_signed
from market.verify.checkpoint import Checkpoint as ReadCheckpoint
from market.verify.checkpoint import VerifierKey

# From golang.org/x/mod/sumdb/note, the implementation that signed notes come from.
NAME = "PeterNeumann"
SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_is_signed_as_the_published_one():
    key = LogKey.from_seed(NAME, SEED)
    assert key.vkey == VKEY
    assert key.sign_note(TEXT) == NOTE
    assert note_is_signed(NOTE, TEXT, VKEY)


def test_a_verifier_key_reads_the_published_one():
    key = VerifierKey.read(VKEY)
    assert (key.name, key.key_id.hex(), len(key.public)) == (NAME, "c74f20a3", 32)


def test_only_the_exact_note_counts_as_signed():
    key = LogKey.new("market.example/log")
    checkpoint, signed = Checkpoint.sign(key, 7, bytes(32), datetime(2026, 1, 1, tzinfo=UTC))
    text = checkpoint_text(key.origin, 7, bytes(32))
    assert checkpoint.note.startswith(text + "\n— market.example/log ")
    assert note_is_signed(checkpoint.note, text, key.vkey)
    assert not note_is_signed(checkpoint.note, text, LogKey.new(key.origin).vkey)
    assert not note_is_signed(checkpoint.note + "\n", text, key.vkey)
    assert not note_is_signed(checkpoint.note, checkpoint_text(key.origin, 8, bytes(32)), key.vkey)
    assert (signed.size, signed.root) == (7, "00" * 32)


def test_what_evidence_signs_the_verifier_reads():
    key = LogKey.new("market.example/log")
    note = Checkpoint.sign(key, 7, bytes(32), datetime(2026, 1, 1, tzinfo=UTC))[0].note
    read = ReadCheckpoint.read(note)
    read.verify(key.origin, VerifierKey.read(key.vkey))
    assert (read.size, read.root, read.note) == (7, bytes(32), note)
