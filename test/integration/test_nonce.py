# SPDX-License-Identifier: ISC
"""Nonces rejected and authorizations reused, at every rate."""

import concurrent.futures

import pytest

import rig


@pytest.mark.parametrize("rate, count", [(0, 20), (15, 20), (50, 20), (90, 10)])
def test_rejected_nonces_fail_nobody(config, start, make_pebble, tmp_path, rate, count):
    ca = make_pebble(nonce_reject=rate)
    acmems = start(config(ca=ca)).ready()
    acmems.signed(rig.make_csr(tmp_path, "first.example.org"))
    csrs = [rig.make_csr(tmp_path, f"n{i}.example.org") for i in range(count)]
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(acmems.sign, csrs))
    assert [a.status for a in answers] == [200] * count, [a.text for a in answers if a.status != 200]


@pytest.mark.parametrize("reuse", [0, 50, 100])
def test_authorization_reuse(config, start, make_pebble, tmp_path, reuse):
    ca = make_pebble(reuse=reuse)
    acmems = start(config(ca=ca, storage='none: { type = "none"; };')).ready()
    for names in (["a.example.org"], ["a.example.org", "b.example.org"], ["b.example.org", "a.example.org"]):
        acmems.signed(rig.make_csr(tmp_path, *names))


@pytest.mark.parametrize("seconds", [1, 2])
def test_retry_after_of_the_ca(config, start, make_pebble, tmp_path, seconds):
    """pebble writes it as seconds or as a date, at random."""
    ca = make_pebble(retry_after=seconds)
    acmems = start(config(ca=ca)).ready()
    for i in range(3):
        acmems.signed(rig.make_csr(tmp_path, f"r{i}.example.org"))
