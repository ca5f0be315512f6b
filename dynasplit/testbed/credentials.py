"""Certificates made for one run: an authority in memory, one certificate for each peer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Hosts' clocks may be off by years (a board without a battery). What ends credentials is the run:
# its programs alone hold the keys, and nobody has the authority's. The last is RFC 5280's for "no
# end" (4.1.2.5).
_FROM, _UNTIL = dt.datetime(1970, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59)


@dataclass(frozen=True)
class Credentials:
    """One peer's key, its certificate, and the authority's, as PEM."""

    key_pem: str
    certificate_pem: str
    authority_pem: str


def make_credentials(*peers: str) -> dict[str, Credentials]:
    """A fresh authority signs a certificate for each peer; its key is forgotten at once."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dynasplit run")])
    basic = x509.BasicConstraints(ca=True, path_length=0)
    authority = (_builder(name, name, authority_key).add_extension(basic, True)).sign(
        authority_key, hashes.SHA256()
    )
    return {peer: _sign(peer, name, authority_key, _pem(authority)) for peer in peers}


def _sign(
    peer: str, issuer: x509.Name, authority_key: ec.EllipticCurvePrivateKey, authority_pem: str
) -> Credentials:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, peer)])
    names = x509.SubjectAlternativeName([x509.DNSName(peer)])
    certificate = (_builder(subject, issuer, key).add_extension(names, False)).sign(
        authority_key, hashes.SHA256()
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Credentials(key_pem.decode(), _pem(certificate), authority_pem)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
