# SPDX-License-Identifier: ISC
"""Equal CSRs get equal certificates until these are nearly expired; the Python cache works on."""

import concurrent.futures

import rig


def test_equal_csrs_get_equal_certificates(acmems, pebble, tmp_path):
    csr = rig.make_csr(tmp_path, "same.example.org")
    first = acmems.signed(csr)
    orders = pebble.orders()
    assert acmems.signed(csr) == first
    assert pebble.orders() == orders
    assert acmems.signed(rig.make_csr(tmp_path, "same.example.org", key=rig.make_key(tmp_path, "other.key"))) != first


def test_layout_is_that_of_the_python_acmems(acmems, tmp_path):
    csr = rig.make_csr(tmp_path, "layout.example.org")
    chain = acmems.signed(csr)
    folder = rig.cache_folder(tmp_path / "storage", csr)
    rig.wait_for((folder / "cert.pem").exists, "kept")
    assert (folder / "csr.pem").read_bytes() == csr
    assert (folder / "cert.pem").read_bytes() == chain


def test_an_entry_of_the_python_acmems_is_served(acmems, pebble, tmp_path):
    csr = rig.make_csr(tmp_path, "python.example.org")
    donor = acmems.signed(rig.make_csr(tmp_path, "donor.example.org"))
    # as it writes them: chain stripped of white space at the ends, an empty line between
    chain = donor.replace(b"-----END CERTIFICATE-----", b"-----END CERTIFICATE-----\n").strip()
    folder = rig.cache_folder(tmp_path / "storage", csr)
    folder.mkdir(parents=True)
    (folder / "csr.pem").write_bytes(csr)
    (folder / "cert.pem").write_bytes(chain)
    orders = pebble.orders()
    assert acmems.signed(csr) == chain
    assert pebble.orders() == orders


def test_a_spoilt_entry_is_replaced(acmems, tmp_path):
    acmems.announce("storage|file")
    for spoilt in (b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        csr = rig.make_csr(tmp_path, f"spoilt{len(spoilt)}.example.org")
        folder = rig.cache_folder(tmp_path / "storage", csr)
        folder.mkdir(parents=True)
        (folder / "csr.pem").write_bytes(csr)
        (folder / "cert.pem").write_bytes(spoilt)
        chain = acmems.signed(csr)
        assert b"BEGIN CERTIFICATE" in chain
        rig.wait_for(lambda: (folder / "cert.pem").read_bytes() == chain, "replaced")


def test_renew_within(config, start, pebble, tmp_path):
    # longer than any certificate of this CA lives, and yet equal requests share one
    storage = f'file: {{ type = "file"; directory = "{tmp_path}/storage"; renew-within = "3000d"; }};'
    acmems = start(config(storage=storage)).ready()
    csr = rig.make_csr(tmp_path, "short.example.org")
    assert acmems.signed(csr) == acmems.signed(csr)


def test_a_removed_entry_is_not_served_from_memory(acmems, tmp_path):
    csr = rig.make_csr(tmp_path, "removed.example.org")
    first = acmems.signed(csr)
    assert acmems.signed(csr) == first
    (rig.cache_folder(tmp_path / "storage", csr) / "cert.pem").unlink()
    # requests of one millisecond share a look at the file
    rig.wait_for(lambda: acmems.signed(csr) != first, "a look at the storage")


def test_single_flight(config, start, make_pebble, tmp_path):
    ca = make_pebble(sleep=2)
    acmems = start(config(ca=ca)).ready()
    csr = rig.make_csr(tmp_path, "flight.example.org")
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: acmems.sign(csr), range(100)))
    assert {a.status for a in answers} == {200}, {a.status: a.text for a in answers}
    assert len({a.body for a in answers}) == 1
    assert ca.orders() == 1


def test_an_unwritable_directory_is_named(config, start, tmp_path):
    import os
    import subprocess
    import pytest
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a directory should be")
    storage = f'file: {{ type = "file"; directory = "{blocked}"; }};'
    path = tmp_path / "unwritable.conf"
    path.write_text(config(storage=storage))
    result = subprocess.run([rig.BUILD / "daemon/acmems", "-c", path, "-m", rig.BUILD / "modules"],
                            capture_output=True, text=True, timeout=rig.PATIENCE)
    assert result.returncode != 0
    assert str(blocked) in result.stderr
