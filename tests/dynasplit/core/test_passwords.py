import pytest

from dynasplit.core.passwords import masked, masked_uri

URIS = [
    ("https://me:secret@host", "https://me:***@host"),
    ("https://me:secret@host:5000/path", "https://me:***@host:5000/path"),
    ("https://:secret@host", "https://:***@host"),
    ("https://me:se:cr@et@host/x", "https://me:***@host/x"),
    ("postgresql+psycopg2://me:se/cr?et#@host/db", "postgresql+psycopg2://me:***@host/db"),
    (
        "postgresql://host/db?user=me&password=secret&sslmode=x",
        "postgresql://host/db?user=me&password=***&sslmode=x",
    ),
    (
        "https://host/db?secret=a&api_key=b&access_token=c&size=1",
        "https://host/db?secret=***&api_key=***&access_token=***&size=1",
    ),
    ("https://t0ken@host/x", "https://***@host/x"),
    ("http://t0ken:@host:5000", "http://***:***@host:5000"),
    ("https://t0ken:x-oauth-basic@host", "https://***:***@host"),
    ("https://t0k#e?n@host", "https://***@host"),
    ("postgresql://me@host/db", "postgresql://me@host/db"),
    ("https://host/x?of=me@host", "https://host/x?of=me@host"),
    ("https://host:5000/x", "https://host:5000/x"),
    ("sqlite:////tmp/a:b/m.db", "sqlite:////tmp/a:b/m.db"),
]


@pytest.mark.parametrize(("uri", "shown"), URIS)
def test_a_uri_is_shown_without_its_password(uri, shown):
    assert masked_uri(uri) == shown
    assert masked(f"'tracking.uri={uri}' and user@elsewhere: 7") == (
        f"'tracking.uri={shown}' and user@elsewhere: 7"
    )


def test_a_password_with_spaces_is_hidden_too():
    assert masked_uri("https://me:se cr\net@host") == "https://me:***@host"
    assert masked_uri("https://t0 ken@host") == "https://***@host"
