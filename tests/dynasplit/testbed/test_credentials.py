"""Certificates of a run: trusted by its own peers alone, whatever a host's clock says."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.x509 import verification

from dynasplit.testbed.credentials import Credentials, make_credentials

EDGE = x509.DNSName("edge")


def verify(peer: Credentials, authority: Credentials, when: dt.datetime) -> None:
    trusted = x509.load_pem_x509_certificate(authority.authority_pem.encode())
    any_kind = verification.Criticality.AGNOSTIC
    plain = verification.ExtensionPolicy.permit_all()
    basic = plain.require_present(x509.BasicConstraints, any_kind, None)
    named = plain.require_present(x509.SubjectAlternativeName, any_kind, None)
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store([trusted]))
        .time(when)
        .extension_policies(ca_policy=basic, ee_policy=named)
        .build_server_verifier(EDGE)
    )
    verifier.verify(x509.load_pem_x509_certificate(peer.certificate_pem.encode()), [])


@pytest.mark.parametrize("year", [1971, 2026, 2049, 2051, 2150])
def test_they_hold_at_any_time(year):
    made = make_credentials("edge", "cloud")
    verify(made["edge"], made["cloud"], dt.datetime(year, 1, 1))


def test_another_run_s_authority_and_another_peer_s_name_are_refused():
    made, other = make_credentials("edge", "cloud"), make_credentials("edge")
    now = dt.datetime(2026, 1, 1)
    with pytest.raises(verification.VerificationError):
        verify(made["edge"], other["edge"], now)
    with pytest.raises(verification.VerificationError):
        verify(made["cloud"], made["edge"], now)
