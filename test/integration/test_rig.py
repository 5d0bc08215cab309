# SPDX-License-Identifier: ISC
"""What the tests themselves rely on."""

import signal

import rig


def test_a_dead_ca_is_noticed_and_replaced(make_pebble):
    ca = make_pebble()
    assert not ca.is_deadlocked()
    ca.signal(signal.SIGSTOP)
    assert ca.is_deadlocked(patience=0.2)
    before, old = rig.Pebble.deadlocks, ca.pid
    ca.renew()
    assert rig.Pebble.deadlocks == before + 1
    assert ca.pid != old and not ca.is_deadlocked()
